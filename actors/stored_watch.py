"""Who waits until ClickHouse has a row, and how they learn of it.

The rows of one shard are stored in order, but who waits must not be told too early when the row that they mean is
another shard's: after the layout has changed, an event that is sent again meets the shard that remembers it, not the
one that stores it. So the database is asked, once for all who wait, each time that this shard has stored something; and
now and then, if there are others.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from actors.signal import Signal
from schemas.problems import ActorUnavailable
from storage.postgres.connect import CONNECTION_LOST
from telemetry.backoff import Backoff


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    spool_id: int
    done: asyncio.Future[None]


class StoredWatch:
    """Waits for rows of the tenant, whichever shard stores them."""

    def __init__(
        self, oldest_waiting: Callable[[], Awaitable[int]], stored: Signal, poll_seconds: float | None
    ) -> None:
        """Take what to ask, the signal that this shard gives, and how often to ask without one (None: never)."""
        self._oldest_waiting = oldest_waiting
        self._stored = stored
        self._poll_seconds = poll_seconds
        self._waiters: set[_Waiter] = set()
        self._is_over = False

    async def reach(self, spool_id: int) -> None:
        """Wait until ClickHouse has a committed row and all that the tenant committed before it.

        Raises:
            ActorUnavailable: the watch has ended.
        """
        if self._is_over:
            raise ActorUnavailable(retry_after_seconds=1)
        waiter = _Waiter(spool_id, asyncio.get_running_loop().create_future())
        self._waiters.add(waiter)
        # It may be stored already.
        self._stored.give()
        try:
            await waiter.done
        finally:
            self._waiters.discard(waiter)

    async def run(self) -> None:
        """Answer those who wait, until cancelled; then tell them that it has ended."""
        try:
            await self._run()
        finally:
            self._is_over = True
            for waiter in self._waiters:
                if not waiter.done.done():
                    waiter.done.set_exception(ActorUnavailable(retry_after_seconds=1))

    async def _run(self) -> None:
        backoff = Backoff()
        while True:
            given = self._stored.count
            # Only those whose row was committed before the question learn from the answer.
            waiters = tuple(self._waiters)
            if waiters:
                try:
                    oldest = await self._oldest_waiting()
                except CONNECTION_LOST:
                    await backoff.wait()
                    continue
                backoff.reset()
                for waiter in waiters:
                    if waiter.spool_id < oldest:
                        if not waiter.done.done():
                            waiter.done.set_result(None)
                        self._waiters.discard(waiter)
            await self._stored.after(given, self._poll_seconds if self._waiters else None)
