"""Bodies past their bounds, sent to a real server by raw sockets."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request

from local.free_ports import free_block
from schemas.limits import BODY_BYTES_MAX, BODY_GRACE_SECONDS
from serve_apps.bodies import BoundedBodies
from serve_apps.problem_responses import install_problem_handlers

FAST = 10_000_000
"""The least bytes a second: whoever pauses after a few is slow at once."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Serve an app that counts what it is sent, behind the bounds."""
    app = FastAPI()
    install_problem_handlers(app, app.routes)

    @app.post("/count")
    @app.post("/endless")
    async def count(request: Request) -> int:
        return sum([len(piece) async for piece in request.stream()])

    @app.post("/document")
    async def document(document: dict[str, str]) -> int:
        return len(document)

    bounded = BoundedBodies(app, endless={"/endless"}, bytes_per_second_min=FAST)
    number = free_block().serve
    server = uvicorn.Server(uvicorn.Config(bounded, host="127.0.0.1", port=number, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield number
    server.should_exit = True
    thread.join()


def ask(port: int, path: str, body: bytes, *, length: int | None = None, pieces: int = 1, pause: float = 0.0) -> bytes:
    """Send a body in pieces with pauses, of a length that it may not have; give the answer."""
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n"
    framing = f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    size = len(body) // pieces
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall((head + framing).encode())
            for piece in range(pieces):
                connection.sendall(body[piece * size : (piece + 1) * size])
                time.sleep(pause)
            return b"".join(iter(lambda: connection.recv(65_536), b""))
        except ConnectionError:
            # The server may have answered and left before all was sent.
            return connection.recv(65_536)


def test_a_body_that_fits_is_passed_on(port: int) -> None:
    """Every byte of it, also of one that takes its time within the grace."""
    assert ask(port, "/count", b"x" * BODY_BYTES_MAX).endswith(b"\r\n\r\n%d" % BODY_BYTES_MAX)
    assert ask(port, "/count", b"x" * 10, pieces=5, pause=0.05).endswith(b"\r\n\r\n10")


@pytest.mark.parametrize("path", ["/count", "/document"])
def test_a_body_that_is_too_large_is_refused(port: int, path: str) -> None:
    """413 as a problem, whether the route reads the body itself or has the framework read it."""
    answer = ask(port, path, b"x" * (BODY_BYTES_MAX + 1))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"body-too-large"' in answer


def test_a_file_may_be_larger(port: int) -> None:
    """A path for files has no bound here."""
    size = BODY_BYTES_MAX + 1
    assert ask(port, "/endless", b"x" * size).endswith(b"\r\n\r\n%d" % size)


@pytest.mark.parametrize("path", ["/count", "/document", "/endless"])
def test_a_body_that_stops_is_refused(port: int, path: str) -> None:
    """408 as a problem when the grace is over, and the replica's place is free again."""
    started = time.monotonic()
    answer = ask(port, path, b"x" * 100, length=1_000_000, pieces=2, pause=0.2)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request-timeout"' in answer
    assert BODY_GRACE_SECONDS <= time.monotonic() - started < BODY_GRACE_SECONDS + 3
