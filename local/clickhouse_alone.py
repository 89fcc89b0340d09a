"""The embedded ClickHouse without the rest of the stack: to measure it, or to see what its tables come to."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from local.free_ports import free_port

_START_SECONDS = 30.0
_POLL_SECONDS = 0.1


@contextmanager
def clickhouse_alone(folder: Path) -> Iterator[str]:
    """Run a server over a folder for a block, which begins when it answers; gives its URL.

    Raises:
        TimeoutError: it did not answer in time.
    """
    port = free_port()
    command = [sys.executable, "-m", "local.clickhouse_server", f"--port={port}", f"--data-dir={folder}"]
    process = subprocess.Popen(command)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str) -> None:
    until = time.monotonic() + _START_SECONDS
    with httpx.Client(trust_env=False) as client:
        while True:
            try:
                client.get(f"{url}/ping")
            except httpx.TransportError as error:
                if time.monotonic() > until:
                    raise TimeoutError("ClickHouse does not answer.") from error
                time.sleep(_POLL_SECONDS)
            else:
                return
