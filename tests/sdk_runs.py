"""Segment's and RudderStack's own SDKs, run as programs against the stack."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

ROOT = Path(__file__).parents[1]
NODE = ROOT / "tests" / "node"

PROGRAMS = {
    "segment-python": (sys.executable, "tests/sdks/python_sdk.py", "segment"),
    "rudderstack-python": (sys.executable, "tests/sdks/python_sdk.py", "rudderstack"),
    "segment-node": ("node", "tests/node/sdk.mjs", "segment"),
    "rudderstack-node": ("node", "tests/node/sdk.mjs", "rudderstack"),
}

every_sdk = pytest.mark.parametrize("sdk", PROGRAMS)


@cache
def install_node_packages() -> None:
    """Install what the lock file of tests/node names."""
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=NODE, check=True, capture_output=True)


class SdkRun:
    """An SDK that is sending; `lines` are the statuses that it got, and then what it reported as lost."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []

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
async def sending(sdk: str, url: str, key: str, calls: list[dict[str, Any]]) -> AsyncIterator[SdkRun]:
    """Start an SDK that makes some calls, named as in Node's."""
    if sdk.endswith("node"):
        await asyncio.to_thread(install_node_packages)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*PROGRAMS[sdk], url, key, cwd=ROOT, stdin=pipe, stdout=pipe)
    try:
        assert process.stdin
        process.stdin.write(orjson.dumps(calls))
        process.stdin.close()
        yield SdkRun(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def send(sdk: str, url: str, key: str, calls: list[dict[str, Any]]) -> list[str]:
    """Make some calls with an SDK, and give the statuses that it got and what it reported as lost."""
    async with sending(sdk, url, key, calls) as run:
        return await run.finish()
