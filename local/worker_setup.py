"""What Ray runs in each worker before the worker imports anything of Serve."""

import gc
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from typing import Any

from ray._common import tls_utils

from telemetry.heap import YOUNG_OBJECTS

_ANY = "[::]:"
_SERVE = "ray.serve"


def set_up() -> None:
    """Keep the worker to loopback, pandas out of Serve, and its start short."""
    _keep_to_loopback()
    # What is imported is no garbage: to look for some again and again was a tenth of the start.
    gc.set_threshold(YOUNG_OBJECTS)
    sys.meta_path.insert(0, _WithoutPandas())


def _keep_to_loopback() -> None:
    """Bind to 127.0.0.1 whatever this process would bind to all interfaces by Ray's helper for gRPC servers.

    A replica takes the calls of other deployments on a gRPC port that Serve binds to `[::]`, and no setting of Serve's
    says otherwise.
    """
    bind: Callable[[Any, str], Any] = tls_utils.add_port_to_grpc_server

    def bind_to_loopback(server: Any, address: str) -> Any:
        return bind(server, address.replace(_ANY, "127.0.0.1:") if address.startswith(_ANY) else address)

    tls_utils.add_port_to_grpc_server = bind_to_loopback


class _WithoutPandas(MetaPathFinder):
    """Finds no pandas once Serve is there.

    Serve has it for routes that return data frames, which none of ours does: it would take 75 MB, and a third of the
    time to start, of each of a dozen processes. Others ask for it as for something that may be there, and do without.
    """

    def __init__(self) -> None:
        self._is_serve = False

    def find_spec(self, fullname: str, *_: Any) -> None:
        self._is_serve |= fullname == _SERVE
        if self._is_serve and fullname == "pandas":
            raise ModuleNotFoundError("A process of Serve has no pandas.", name=fullname)
