"""Second loop of a shard: committed rows go to ClickHouse, in batches whose bytes and token never change.

The token makes a second insert harmless as long as the table remembers it, which is for a number of inserts. What may
have been sent before is therefore looked up in the table first, and only what is missing goes: a batch that is tried
again, and all that was committed before this incarnation started. That includes rows that were never sealed: after an
old backup of Postgres was restored, the table may have them under a token that nobody knows any more.
"""

import asyncio
import time
from datetime import timedelta

import structlog
import zstandard

from actors.cursor import Cursor
from actors.flush_policy import Backlog, flush_in_seconds
from actors.lookout import Lookout, read_rows
from actors.signal import Signal
from actors.store_turns import StoreTurns
from ingest.dead_letters import quarantined
from ingest.frames import keys_of, split
from schemas.batches import DeadLetter
from schemas.ids import new_batch_id
from schemas.settings import ActorSettings
from storage.clickhouse.connect import RowsRefusedError, StoreAwayError
from storage.clickhouse.event_writer import EventKeys, EventWriter
from storage.clickhouse.schema import WrongTableError
from storage.postgres.connect import CONNECTION_LOST
from storage.spool.repository import SealedBatch, Spool
from telemetry.backoff import Backoff
from telemetry.failpoints import reached

BATCH_BYTES_MAX = 64 * 1024 * 1024
_ROUNDING = timedelta(seconds=1)

log = structlog.get_logger()


class Storer:
    """Seals runs of the spool and stores them, oldest first."""

    def __init__(
        self,
        spool: Spool,
        events: EventWriter,
        lookout: Lookout,
        backlog: Backlog,
        committed: Cursor,
        stored: Signal,
        turns: StoreTurns,
        settings: ActorSettings,
    ) -> None:
        """Take the shard's stores; `turns` are shared with the other shards of the host."""
        self._spool = spool
        self._events = events
        self._lookout = lookout
        self._backlog = backlog
        self._committed = committed
        self._stored = stored
        self._turns = turns
        self._settings = settings
        self._inherited_spool_id = 0
        self._last_insert_at = 0.0
        self._backoff = Backoff()

    async def run(self, epoch: int) -> None:
        """Finish what an earlier incarnation sealed and what shards of an earlier layout left, then store on.

        Raises:
            EpochSupersededError: a newer incarnation of the actor has taken over.
        """
        self._inherited_spool_id = self._committed.spool_id
        await self._guard()
        while True:
            try:
                for batch in await self._spool.unfinished():
                    await self._store(batch)
                for writer in await self._spool.writers_left():
                    await self._store_left(epoch, writer)
                await self._store_on(epoch)
            except CONNECTION_LOST as error:
                # A seal may have happened all the same, and only its answer was lost: look what is unfinished.
                log.warning("seal_failed", error=repr(error))
                await self._backoff.wait()

    async def _store_left(self, epoch: int, writer: int) -> None:
        while sealed := await self._seal(epoch, writer):
            await self._store(sealed)

    async def _store_on(self, epoch: int) -> None:
        while True:
            await self._due()
            # Sealed in its turn: what arrives while others have theirs makes one larger batch.
            is_ripe = self._backlog.ripe_in_seconds(self._settings, time.monotonic()) == 0.0
            async with self._turns.turn(is_ripe=is_ripe):
                counted_events, counted_bytes = self._backlog.events, self._backlog.bytes
                sealed = await self._seal(epoch)
                if sealed is None:
                    # An older incarnation has stored what it had sealed, after this one had counted it as left.
                    self._backlog.remove(counted_events, counted_bytes, now=time.monotonic())
                    continue
                is_new = sealed.first_spool_id > self._inherited_spool_id
                is_stored = await self._try_to_store(sealed, may_be_there=not is_new)
            if not is_stored:
                await self._backoff.wait()
                await self._store(sealed)

    async def _seal(self, epoch: int, writer: int | None = None) -> SealedBatch | None:
        sealed = await self._spool.seal(
            epoch, new_batch_id(), events=self._settings.flush_rows, rows_bytes=BATCH_BYTES_MAX, writer=writer
        )
        reached("actor_after_seal")
        return sealed

    async def _guard(self) -> None:
        """Write nothing to a table that would lose or double rows; until it is mended, events wait in the spool."""
        while True:
            try:
                await self._events.guard()
            except (StoreAwayError, WrongTableError) as error:
                log.warning("tables_not_fit", error=repr(error))
                await self._backoff.wait()
            else:
                self._backoff.reset()
                return

    async def _due(self) -> None:
        """Wait until the policy says that it is time; a commit may bring the time nearer."""
        while True:
            given = self._committed.moved.count
            wait_seconds = flush_in_seconds(self._backlog, self._settings, self._last_insert_at, now=time.monotonic())
            if wait_seconds == 0.0:
                return
            await self._committed.moved.after(given, wait_seconds)

    async def _store(self, batch: SealedBatch) -> None:
        """Store one batch that may have been sent before, however often it takes, and each of its rows once."""
        while True:
            async with self._turns.turn():
                if await self._try_to_store(batch, may_be_there=True):
                    return
            await self._backoff.wait()

    async def _try_to_store(self, batch: SealedBatch, *, may_be_there: bool) -> bool:
        try:
            frames = b"".join(await self._spool.frames(batch))
            insert = self._insert_missing if may_be_there else self._insert
            refused, said = await asyncio.gather(insert(batch, frames), read_rows(frames))
            reached("actor_after_insert")
            seen = await self._lookout.look(batch, said)
            reached("actor_before_mark")
            await self._spool.mark_stored(batch, refused, seen)
            self._lookout.recorded()
        except (StoreAwayError, *CONNECTION_LOST) as error:
            log.warning("store_failed", batch_id=batch.batch_id, error=repr(error))
            return False
        self._backoff.reset()
        self._last_insert_at = time.monotonic()
        self._backlog.remove(batch.events, len(frames), now=self._last_insert_at)
        self._stored.give()
        return True

    async def _insert(self, batch: SealedBatch, frames: bytes, rows: list[bytes] | None = None) -> list[DeadLetter]:
        """Insert frames; give the rows that the store refuses. `rows` are those of the frames, if they are known."""
        try:
            await self._events.insert(frames, batch.batch_id)
        except RowsRefusedError:
            refused = [
                quarantined(batch.batch_id, position, row, reason)
                async for position, row, reason in self._events.insert_bisecting(rows or split(frames), batch.batch_id)
            ]
            log.warning("rows_refused", batch_id=batch.batch_id, rows=len(refused))
            return refused
        return []

    async def _insert_missing(self, batch: SealedBatch, frames: bytes) -> list[DeadLetter]:
        """Insert what the table does not have; all of it is sent as it always was, byte for byte."""
        rows = split(frames)
        keys = keys_of(rows)
        times = [event_time for _, event_time in keys]
        asked = EventKeys({event_id for event_id, _ in keys}, min(times) - _ROUNDING, max(times) + _ROUNDING)
        stored = await self._events.stored_among(asked)
        if not stored:
            return await self._insert(batch, frames, rows)
        missing = [b"" if event_id in stored else row for row, (event_id, _) in zip(rows, keys, strict=True)]
        log.info("batch_was_there", batch_id=batch.batch_id, rows=len(rows), missing=sum(map(bool, missing)))
        if not any(missing):
            return []
        return await self._insert(batch, zstandard.compress(b"".join(missing), level=1), missing)
