"""ClickHouse without a ClickHouse server: the real engine, in this process, behind ClickHouse's HTTP interface.

    python -m local.clickhouse_server --host 127.0.0.1 --port 8123 --data-dir DIR

Everything that speaks to ClickHouse over HTTP (clickhouse-connect, @clickhouse/client, curl) works unchanged, so that
development, tests and a one-machine installation use the very code that a cluster is used with.

What is as in the real server: statements from the URL, the body, or both; every format; `param_*`; settings in the URL;
`database`, `default_format` and their headers; multipart forms with parameters and external tables; sessions (`SET`,
`USE`, temporary tables) by `session_id`; compressed bodies (gzip, deflate, zstd, lz4 by Content-Encoding) and answers
(`enable_http_compression=1`); `wait_end_of_query`; the headers, error texts, codes and statuses; streaming in constant
memory; `KILL QUERY` by the client's query id; deduplication tokens; `/ping` and `/replicas_status`.

What is not:

- Users. Any name and password is taken, and there are no grants, row policies or quotas. Whoever reaches the port may
  read every file that the process may (the table function `file` is not confined to a folder). Listen on loopback.
- ClickHouse's own block framing (`compress=1`, `decompress=1`): refused with a clear error.
- `async_insert` is taken and ignored: an insert is answered when it is stored.
- `X-ClickHouse-Progress`, and the figures in `X-ClickHouse-Summary` of an answer longer than a megabyte.
- `system.query_log`, replication, and everything else that needs a server's config.
"""

import argparse
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from local.clickhouse_engine import Engine, FolderOwnedError
from local.clickhouse_interface import QueryInterface

_MEMORY_BYTES: Final = 2 * 1024**3
_KEEP_ALIVE_SECONDS: Final = 75
"""Longer than clients keep an idle connection, so that none is closed under a request."""
_STOP_SECONDS: Final = 2


async def _ping(_: Request) -> PlainTextResponse:
    return PlainTextResponse("Ok.\n")


def build_app(interface: QueryInterface) -> Starlette:
    """Wire the endpoints."""
    return Starlette(
        routes=[
            Route("/ping", _ping),
            Route("/replicas_status", _ping),
            Route("/", interface, methods=["GET", "HEAD", "POST"]),
        ],
    )


class _Server(uvicorn.Server):
    """Stops within seconds: what reads is broken off at once, what writes is let finish."""

    def __init__(self, config: uvicorn.Config, interface: QueryInterface) -> None:
        super().__init__(config)
        self._interface = interface

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._interface.stop_reading()
        await super().shutdown(sockets)
        await self._interface.finish_writing()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="ClickHouse's engine behind its HTTP interface.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--max-memory-bytes", type=int, default=_MEMORY_BYTES)
    parser.add_argument("--max-threads", type=int, default=os.cpu_count() or 1, help="of one query")
    return parser.parse_args()


def main() -> int:
    """Own the folder, serve until told to stop, and close the engine."""
    arguments = _arguments()
    try:
        engine = Engine(arguments.data_dir, arguments.max_memory_bytes, arguments.max_threads)
    except FolderOwnedError as error:
        print(f"clickhouse_server: {error}", file=sys.stderr)  # noqa: T201 - the terminal is the interface here
        return 1
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    interface = QueryInterface(engine)
    config = uvicorn.Config(
        build_app(interface),
        host=arguments.host,
        port=arguments.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_level="critical",
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    for stop in (signal.SIGTERM, signal.SIGINT):
        # uvicorn stops on it, then raises it again: that must not end the process before the engine is closed.
        signal.signal(stop, signal.SIG_IGN)
    _Server(config, interface).run()
    engine.close()
    return 0


if __name__ == "__main__":
    code = main()
    # A query that is slow to notice its end still holds a thread, and Python would wait for it.
    sys.stderr.flush()
    os._exit(code)
