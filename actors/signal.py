"""Something that happens again and again, and that others wait for."""

import asyncio
from contextlib import suppress


class Signal:
    """Wakes those who wait. `count` says how often it was given: who looks first and waits then misses none."""

    def __init__(self) -> None:
        self.count = 0
        self._given = asyncio.Event()

    def give(self) -> None:
        """Wake whoever waits."""
        self.count += 1
        self._given.set()
        self._given = asyncio.Event()

    async def after(self, count: int, within_seconds: float | None = None) -> None:
        """Wait until it was given more often than `count` times, or until the time is over."""
        if self.count == count:
            with suppress(TimeoutError):
                async with asyncio.timeout(within_seconds):
                    await self._given.wait()
