"""Keeps to loopback the one port that Ray Serve opens to every interface.

A replica takes the calls of other deployments on a gRPC port that Serve binds to `[::]`, and no setting of Serve's
says otherwise. Ray runs this hook in each worker before the worker imports anything of Serve.
"""

from collections.abc import Callable
from typing import Any

from ray._common import tls_utils

_ANY = "[::]:"


def keep_to_loopback() -> None:
    """Bind to 127.0.0.1 whatever this process would bind to all interfaces by Ray's helper for gRPC servers."""
    bind: Callable[[Any, str], Any] = tls_utils.add_port_to_grpc_server

    def bind_to_loopback(server: Any, address: str) -> Any:
        return bind(server, address.replace(_ANY, "127.0.0.1:") if address.startswith(_ANY) else address)

    tls_utils.add_port_to_grpc_server = bind_to_loopback
