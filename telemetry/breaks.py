"""Gives way within long work: whoever else waits in the same process has a turn every millisecond or so."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

_WORK_SECONDS = 0.001
"""A commit takes half a dozen steps on a host's loop, and may wait so long before each."""

_LOOKS_EVERY = 8
"""Looking at the clock after each item would cost as much as some items do."""

Item = TypeVar("Item")


async def with_breaks(items: Iterable[Item]) -> AsyncIterator[Item]:
    """Give one item after the other, and in between whatever else waits on the loop a turn."""
    since = time.perf_counter()
    for number, item in enumerate(items):
        yield item
        if number % _LOOKS_EVERY == 0 and time.perf_counter() - since > _WORK_SECONDS:
            await asyncio.sleep(0)
            since = time.perf_counter()
