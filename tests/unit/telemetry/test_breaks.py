"""Long work gives way."""

import asyncio
import time

import pytest

from telemetry.breaks import with_breaks

pytestmark = pytest.mark.anyio


async def test_others_have_their_turns_within_long_work() -> None:
    """Dozens of turns of another task during 50 ms of work, and every item in its order."""
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(take_turns())
    done = []
    async for item in with_breaks(range(200)):
        until = time.perf_counter() + 0.00025
        while time.perf_counter() < until:
            pass
        done.append(item)
    other.cancel()
    assert done == list(range(200))
    assert turns > 10
