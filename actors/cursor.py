"""A place on the spool that only moves forward, and that others can wait for."""

import asyncio


class Cursor:
    """The id of the last spool row that a loop is done with."""

    def __init__(self) -> None:
        self.spool_id = 0
        self._moved = asyncio.Condition()

    async def advance(self, spool_id: int) -> None:
        """Move forward and wake those who wait; moving back changes nothing."""
        async with self._moved:
            self.spool_id = max(self.spool_id, spool_id)
            self._moved.notify_all()

    async def reach(self, spool_id: int) -> None:
        """Wait until a row is done."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.spool_id >= spool_id)
