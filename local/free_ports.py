"""Ports that nothing listens on: for tests and benchmarks, which run beside a stack that is up."""

import atexit
import secrets
import socket
from contextlib import ExitStack

from schemas.listening_settings import PortSettings

_BLOCK_FIRST = 21_000
_BLOCK_LAST = 29_000
_BLOCK_PORTS = 400
_HOLDER_OFFSET = 19
_REPLICA_OFFSET = 20
_WORKER_OFFSET = 100

_held = ExitStack()
"""Has a port of the block that was found last: nobody listens there yet, and who looks meanwhile is to find another."""

atexit.register(_held.close)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether a listener could take the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Find one free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_block() -> PortSettings:
    """Find a run of free ports for a whole stack, below the ports that the system hands out by itself.

    Until this process looks for another, nobody else finds them, whether or not the stack has begun to listen.

    Raises:
        OSError: there is none.
    """
    for _ in range(50):
        first = _BLOCK_FIRST + secrets.randbelow((_BLOCK_LAST - _BLOCK_FIRST) // _BLOCK_PORTS) * _BLOCK_PORTS
        if all(map(is_free, range(first, first + _BLOCK_PORTS))) and _hold(first + _HOLDER_OFFSET):
            return PortSettings(
                tenant=first,
                global_=first + 1,
                serve=first + 2,
                postgres=first + 3,
                clickhouse=first + 4,
                ray=first + 5,
                serve_metrics=first + 6,
                serve_stats=first + 7,
                serve_fallback=first + 8,
                tenant_tls=first + 9,
                global_tls=first + 10,
                dashboard=first + 11,
                replica_first=first + _REPLICA_OFFSET,
                replica_count=_WORKER_OFFSET - _REPLICA_OFFSET,
                worker_first=first + _WORKER_OFFSET,
                worker_count=_BLOCK_PORTS - _WORKER_OFFSET,
            )
    raise OSError(f"no {_BLOCK_PORTS} free ports in a row from {_BLOCK_FIRST} to {_BLOCK_LAST}")


def _hold(port: int) -> bool:
    """Take a port, without listening there, in the place of the one held before, unless somebody else was quicker."""
    holder = socket.socket()
    try:
        holder.bind(("127.0.0.1", port))
    except OSError:
        holder.close()
        return False
    _held.close()
    _held.enter_context(holder)
    return True
