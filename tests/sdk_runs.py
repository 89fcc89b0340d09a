"""Segment's and RudderStack's own SDKs, run as programs against the stack; those for browsers in a real one."""

import asyncio
import fcntl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parents[1]
NODE = ROOT / "tests" / "node"

PROGRAMS = {
    "segment-python": (sys.executable, "tests/sdks/python_sdk.py", "segment"),
    "rudderstack-python": (sys.executable, "tests/sdks/python_sdk.py", "rudderstack"),
    "segment-node": ("node", "tests/node/sdk.mjs", "segment"),
    "rudderstack-node": ("node", "tests/node/sdk.mjs", "rudderstack"),
}
BROWSERS = {
    "segment-browser": ("node", "tests/node/browser.mjs", "segment"),
    "rudderstack-browser": ("node", "tests/node/browser.mjs", "rudderstack"),
}


@contextmanager
def _installing() -> Iterator[None]:
    """Let one install at a time, of all the processes that run tests."""
    lock = NODE.parents[1] / ".tools" / "node-tests.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def install_node_packages(folder: Path = NODE) -> None:
    """Install what the lock file of a folder names, unless it is there."""
    installed, locked = folder / "node_modules" / ".package-lock.json", folder / "package-lock.json"
    with _installing():
        if not installed.exists() or installed.stat().st_mtime < locked.stat().st_mtime:
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, capture_output=True)


def browser_folder() -> str:
    """Unpack the browser, unless it is there, and give its folder."""
    with _installing():
        return subprocess.run(["node", "chromium.mjs"], cwd=NODE, check=True, capture_output=True, text=True).stdout


class SdkRun:
    """An SDK; `lines` are the statuses that it got, and then what it reported as lost."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []

    async def load(self) -> None:
        """Wait until it is loaded and could make calls."""
        async with asyncio.timeout(50):
            assert await self._read()
        assert self.lines.pop() == "loaded"

    def make(self, calls: list[dict[str, Any]]) -> None:
        """Let it make its calls, named as in Node's."""
        assert self._process.stdin
        self._process.stdin.write(orjson.dumps(calls))
        self._process.stdin.close()

    async def reach(self, line: str) -> None:
        """Wait until it prints a line."""
        async with asyncio.timeout(30):
            while line not in self.lines:
                assert await self._read(), self.lines

    async def finish(self) -> list[str]:
        """Wait until it is done; give all that it printed."""
        async with asyncio.timeout(50):
            while await self._read():
                pass
            assert await self._process.wait() == 0, self.lines
        return self.lines

    async def _read(self) -> bool:
        assert self._process.stdout
        line = await self._process.stdout.readline()
        if line:
            self.lines.append(line.decode().strip())
        return bool(line)


@asynccontextmanager
async def started(sdk: str, url: str, key: str) -> AsyncIterator[SdkRun]:
    """Start an SDK that waits for its calls."""
    program = [*(PROGRAMS | BROWSERS)[sdk], url, key]
    if program[0] == "node":
        await asyncio.to_thread(install_node_packages)
    if sdk in BROWSERS:
        program.append(await asyncio.to_thread(browser_folder))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*program, cwd=ROOT, stdin=pipe, stdout=pipe)
    try:
        yield SdkRun(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def send(sdk: str, url: str, key: str, calls: list[dict[str, Any]]) -> list[str]:
    """Make some calls with an SDK, and give the statuses that it got and what it reported as lost."""
    async with started(sdk, url, key) as run:
        await run.load()
        run.make(calls)
        return await run.finish()
