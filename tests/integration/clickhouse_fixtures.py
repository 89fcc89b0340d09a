"""A ClickHouse server as a process of its own, for the tests."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import clickhouse_connect
import httpx
from clickhouse_connect.driver.client import Client

ROOT = Path(__file__).parents[2]
START_SECONDS = 20
STOP_SECONDS = 3
DEDUP_TABLE = (
    "CREATE TABLE {name} (id UInt64, label String) ENGINE = MergeTree ORDER BY id"
    " SETTINGS non_replicated_deduplication_window = 100"
)


class Server:
    """The server as a process of its own."""

    def __init__(self, data_dir: Path, *, failpoints: Path | None = None, memory_bytes: int = 2 * 1024**3) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        command = [sys.executable, "-m", "local.clickhouse_server", "--port", str(self.port)]
        command += ["--data-dir", str(data_dir), "--max-memory-bytes", str(memory_bytes)]
        environment = os.environ | ({"UNMOGROW_FAILPOINTS": str(failpoints)} if failpoints else {})
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=30)

    def wait_until_ready(self) -> None:
        """Return when it answers a ping."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                assert self.http.get("/ping").text == "Ok.\n"
            except httpx.TransportError:
                assert self.process.poll() is None, self.process.stderr
                assert time.monotonic() < deadline
                time.sleep(0.02)
            else:
                return

    def post(self, sql: str | bytes, **params: str) -> httpx.Response:
        """Send a statement as the body."""
        return self.http.post("/", params=params, content=sql)

    def ask(self, sql: str, **params: str) -> str:
        """Send a statement that must succeed."""
        response = self.post(sql, **params)
        assert response.status_code == 200, response.text
        return response.text.rstrip("\n")

    def client(self, **options: Any) -> Client:
        """An official client."""
        return clickhouse_connect.get_client(host="127.0.0.1", port=self.port, **options)

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Signal it and wait for its end."""
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        self.http.close()
        code = self.process.wait(STOP_SECONDS)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


@contextmanager
def running(data_dir: Path, **options: Any) -> Iterator[Server]:
    """A server for one block."""
    server = Server(data_dir, **options)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop(signal.SIGKILL)


def wait_for(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Return when the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
