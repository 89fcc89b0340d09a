"""First loop of a shard: what arrives becomes durable, in groups, and is acknowledged."""

import asyncio
import time
from dataclasses import dataclass
from datetime import date

import structlog

from actors.cursor import Cursor
from actors.flush_policy import Backlog
from actors.group_commit import Group, assemble
from ingest.dedup import DedupWindow, read_hashes
from ingest.split import hashes_of
from schemas.batches import AppendReceipt, EventBatch
from schemas.limits import CALL_BYTES_MAX
from schemas.problems import SpoolUnavailable, TenantOverShare
from schemas.settings import ActorSettings
from schemas.shards import Shard
from storage.postgres.connect import CONNECTION_LOST
from storage.spool.repository import Spool
from telemetry.clock import utc_now
from telemetry.failpoints import reached

_RETRY_AFTER_SECONDS = 1

log = structlog.get_logger()


@dataclass(slots=True)
class _Arrival:
    batch: EventBatch
    done: asyncio.Future[AppendReceipt]


@dataclass(slots=True)
class DayCount:
    """How many events a day (UTC) has brought."""

    day: date = date.min
    events: int = 0

    def add(self, events: int, day: date) -> None:
        """Count on, from zero on a new day."""
        self.events = events + (self.events if day == self.day else 0)
        self.day = day


class Committer:
    """Commits what arrives to the spool; the only writer of its shard."""

    def __init__(
        self, spool: Spool, shard: Shard, backlog: Backlog, committed: Cursor, settings: ActorSettings
    ) -> None:
        self._shard = shard
        self._spool = spool
        self._backlog = backlog
        self._committed = committed
        self._settings = settings
        self._window = DedupWindow(settings.dedup_days)
        self._arrivals: asyncio.Queue[_Arrival] = asyncio.Queue()
        self._taken: list[_Arrival] = []
        self._is_unsure = False
        self._is_over = False
        self._today = DayCount()

    async def recover(self) -> None:
        """Rebuild the dedup window from what was committed before, by whichever shard: this one's part of the ids."""
        known = [
            (committed_at, hashes_of(self._shard, read_hashes(packed)))
            async for committed_at, packed in self._spool.recent_hashes(self._settings.dedup_days)
        ]
        self._today = DayCount(utc_now().date(), await self._spool.accepted_today())
        self._window.restore(known)

    async def append(self, batch: EventBatch) -> AppendReceipt:
        """Wait until a batch is durable.

        Raises:
            TenantOverShare: too much of this tenant waits for ClickHouse; nothing was taken.
            SpoolUnavailable: the commit failed; it may be sent again.
        """
        if self._backlog.is_full(self._settings, time.monotonic()):
            raise TenantOverShare(retry_after_seconds=_RETRY_AFTER_SECONDS)
        if self._is_over:
            raise SpoolUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS)
        arrival = _Arrival(batch, asyncio.get_running_loop().create_future())
        self._arrivals.put_nowait(arrival)
        return await arrival.done

    async def run(self, epoch: int) -> None:
        """Commit group after group. When it ends, whoever waits is told that nothing is known of their events.

        Raises:
            EpochSupersededError: a newer incarnation of the shard has taken over.
        """
        try:
            while True:
                self._taken = await self._next_group()
                await self._answer(epoch)
        finally:
            self._is_over = True
            self._refuse()
            self._taken = [self._arrivals.get_nowait() for _ in range(self._arrivals.qsize())]
            self._refuse()

    async def _answer(self, epoch: int) -> None:
        """Commit what was taken, and say so to those who wait; to be sent again if that fails."""
        try:
            if self._is_unsure:
                await self._learn()
            receipts = await self._commit(epoch, [arrival.batch for arrival in self._taken])
        except CONNECTION_LOST as error:
            log.warning("commit_failed", error=repr(error))
            # It may have happened all the same, and only its answer was lost.
            self._is_unsure = True
            self._refuse()
            return
        for arrival, receipt in zip(self._taken, receipts, strict=True):
            if not arrival.done.done():
                arrival.done.set_result(receipt)

    def _refuse(self) -> None:
        for arrival in self._taken:
            if not arrival.done.done():
                arrival.done.set_exception(SpoolUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS))

    async def _learn(self) -> None:
        """Take note of the commits whose answers were lost: their events are known, and wait to be stored."""
        for commit in await self._spool.committed_after(self._committed.spool_id):
            self._window.remember(read_hashes(commit.hashes), commit.committed_at)
            self._today.add(commit.events, commit.committed_at.date())
            self._backlog.add(commit.events, commit.frames_bytes, has_conversion=True, now=time.monotonic())
            self._committed.advance(commit.spool_id)
        self._is_unsure = False

    async def _next_group(self) -> list[_Arrival]:
        arrivals = [await self._arrivals.get()]
        size = arrivals[0].batch.rows_bytes
        while not self._arrivals.empty() and size < CALL_BYTES_MAX:
            arrivals.append(self._arrivals.get_nowait())
            size += arrivals[-1].batch.rows_bytes
        return arrivals

    async def _commit(self, epoch: int, batches: list[EventBatch]) -> list[AppendReceipt]:
        group = assemble(batches, self._window)
        reached("actor_before_commit")
        spool_id = await self._append(epoch, group)
        reached("actor_after_commit")
        if spool_id is None:
            spool_id = self._committed.spool_id
        else:
            now = utc_now()
            self._window.remember(group.hashes, now)
            self._today.add(group.events, now.date())
            self._backlog.add(
                group.events, len(group.frames), has_conversion=bool(group.conversions), now=time.monotonic()
            )
            self._committed.advance(spool_id)
        return [AppendReceipt(spool_id, duplicates, self._today.events) for duplicates in group.duplicates]

    async def _append(self, epoch: int, group: Group) -> int | None:
        return await self._spool.append(
            epoch,
            group.tally,
            rows_bytes=group.rows_bytes,
            frames=group.frames,
            hashes=group.hashes.tobytes(),
            conversions=group.conversions,
            dead_letters=group.dead_letters,
        )
