"""Which of a host's shards may store: one at a time, and with a rest after each insert.

The slower the store, be it for this host's rows or for everyone's, the longer the rest: fewer and larger inserts are
less work for it, and nobody has to know how busy the others are. What arrives while a shard waits for its turn makes
its next insert larger. For whoever has waited long there is no rest: results wait for the store, too.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from schemas.settings import ActorSettings


class StoreTurns:
    """Turns in the order in which they are asked for."""

    def __init__(self, settings: ActorSettings) -> None:
        self._settings = settings
        self._gate = asyncio.Lock()
        self._rests_until = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it until the block ends."""
        asked_at = time.monotonic()
        async with self._gate:
            until = min(self._rests_until, asked_at + self._settings.insert_wait_seconds_max)
            await asyncio.sleep(max(0.0, until - time.monotonic()))
            started_at = time.monotonic()
            try:
                yield
            finally:
                ended_at = time.monotonic()
                rest = (ended_at - started_at) * self._settings.insert_rest_factor
                self._rests_until = ended_at + min(rest, self._settings.insert_rest_seconds_max)
