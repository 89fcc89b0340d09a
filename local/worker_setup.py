"""What Ray runs in each worker before the worker imports anything of Serve."""

import gc
import sys
from collections.abc import Callable
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from ray._common import tls_utils

from telemetry.heap import YOUNG_OBJECTS

_ANY = "[::]:"
_IMPORTS_PANDAS = "ray.serve._private.utils"


def set_up() -> None:
    """Keep the worker to loopback, pandas out of it until somebody uses it, and its start short."""
    _keep_to_loopback()
    # What is imported is no garbage: to look for some again and again was a tenth of the start.
    gc.set_threshold(YOUNG_OBJECTS)
    sys.meta_path.insert(0, _SparePandas())


def _keep_to_loopback() -> None:
    """Bind to 127.0.0.1 whatever this process would bind to all interfaces by Ray's helper for gRPC servers.

    A replica takes the calls of other deployments on a gRPC port that Serve binds to `[::]`, and no setting of Serve's
    says otherwise.
    """
    bind: Callable[[Any, str], Any] = tls_utils.add_port_to_grpc_server

    def bind_to_loopback(server: Any, address: str) -> Any:
        return bind(server, address.replace(_ANY, "127.0.0.1:") if address.startswith(_ANY) else address)

    tls_utils.add_port_to_grpc_server = bind_to_loopback


class _SparePandas(MetaPathFinder):
    """Has Serve be imported as where there is no pandas.

    Serve has it for routes that return data frames, which none of ours does: it would take 75 MB, and a third of the
    time to start, of each of a dozen processes.
    """

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        if fullname != _IMPORTS_PANDAS or "pandas" in sys.modules:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = partial(_without_pandas, spec.loader.exec_module)  # type: ignore[method-assign]
        return spec


def _without_pandas(execute: Callable[[ModuleType], None], module: ModuleType) -> None:
    # Whoever imports what is None here is told that there is no such module.
    sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        execute(module)
    finally:
        del sys.modules["pandas"]
