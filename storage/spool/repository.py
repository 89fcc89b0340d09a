"""The spool of one tenant, as one shard of its actor writes and reads it.

Life of a spool row: `append` commits it (then, and only then, its events are acknowledged); `seal`
gives a run of rows a batch id; the batch is sent to ClickHouse under that id; `mark_stored` ends it;
`forget` drops it a day later. A crash between any two of these is repaired by `unfinished`.

A shard appends rows of its own, and does the rest for those of its predecessors too: of the shards that other layouts
had and that are congruent to it (`schemas.shards`).
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.batches import ConversionRow, DeadLetter, Tally
from schemas.event_types import schema_version
from schemas.identity import Sightings
from schemas.ids import BatchId
from schemas.shards import Shard
from storage.identity_hashes import signed
from storage.postgres.connect import Database
from storage.postgres.fencing import LayoutSupersededError, fenced
from storage.postgres.identity_edges import record_links
from storage.sql import load_queries

_SQL = load_queries("storage.spool", "queries.sql")
_HASH_ROWS = 500
_NOTHING_SEEN = Sightings()


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """A run of the spool rows of shard `writer` that go to ClickHouse together, under `batch_id` as the token."""

    writer: int
    batch_id: BatchId
    first_spool_id: int
    last_spool_id: int
    events: int
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class Commit:
    """A row of the spool without its body; `hashes` hold 8 bytes an event."""

    spool_id: int
    committed_at: datetime
    events: int
    frames_bytes: int
    hashes: bytes


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is accepted but not yet stored in ClickHouse: compressed bytes, events, age of the oldest."""

    bytes: int
    events: int
    age_seconds: float


class Spool:
    """Reads and writes the spool tables of one tenant's database, for one shard."""

    def __init__(self, database: Database, shard: Shard) -> None:
        self._database = database
        self._shard = shard
        self._place = (shard.index, shard.count)

    async def take_epoch(self) -> int:
        """Become the incarnation that may write; every older one is refused from now on.

        Raises:
            LayoutSupersededError: the tenant has another number of shards.
        """
        async with self._database.connection() as connection:
            epoch = await connection.fetchval(_SQL["take_epoch"], *self._place)
        if epoch is None:
            raise LayoutSupersededError(str(self._shard))
        return int(epoch)

    async def assert_epoch(self, epoch: int) -> None:
        """Ask whether this incarnation may still write.

        Raises:
            EpochSupersededError: it may not.
        """
        async with fenced(self._database) as connection:
            await connection.execute(_SQL["assert_epoch"], self._shard.index, epoch)

    async def append(
        self,
        epoch: int,
        tally: Tally,
        *,
        rows_bytes: int,
        frames: bytes,
        hashes: bytes,
        conversions: Sequence[ConversionRow],
        dead_letters: Sequence[DeadLetter],
    ) -> int | None:
        """Commit one row of the spool with its conversions, dead letters and ledger entry, in one transaction.

        Returns the row's id, None if no event is new and there is therefore no row.

        Raises:
            EpochSupersededError: a newer incarnation has taken over; nothing was written.
        """
        async with fenced(self._database) as connection, _transaction(connection, is_needed=bool(dead_letters)):
            spool_id: int | None = await connection.fetchval(
                _SQL["append"],
                self._shard.index,
                epoch,
                tally.received,
                tally.accepted,
                tally.duplicates,
                tally.rejected,
                rows_bytes,
                frames,
                hashes,
                [row.conversion_id for row in conversions],
                [row.conversion_type for row in conversions],
                [row.conversion_time for row in conversions],
                [row.event.decode() for row in conversions],
            )
            if dead_letters:
                await _keep(connection, "rejected", dead_letters)
        return spool_id

    async def seal(
        self, epoch: int, batch_id: BatchId, *, events: int, rows_bytes: int, writer: int | None = None
    ) -> SealedBatch | None:
        """Give the oldest unsealed rows, up to about `events` or `rows_bytes`, to a batch; None if there are none.

        They are this shard's own rows, or those of the predecessor `writer`.

        Raises:
            EpochSupersededError: a newer incarnation has taken over; nothing was written.
        """
        async with fenced(self._database) as connection:
            row = await connection.fetchrow(
                _SQL["seal"],
                self._shard.index,
                epoch,
                self._shard.index if writer is None else writer,
                batch_id,
                events,
                rows_bytes,
            )
        return None if row is None else _sealed(row)

    async def writers_left(self) -> list[int]:
        """List the predecessors that left rows which no batch has."""
        async with self._database.connection() as connection:
            return [row["shard"] for row in await connection.fetch(_SQL["writers_left"], *self._place)]

    async def unfinished(self) -> list[SealedBatch]:
        """List the batches that were sealed but not marked stored, oldest first."""
        async with self._database.connection() as connection:
            return [_sealed(row) for row in await connection.fetch(_SQL["unfinished"], *self._place)]

    async def frames(self, batch: SealedBatch) -> list[bytes]:
        """Read the rows of a batch: zstd frames of NDJSON, byte for byte as they were accepted."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["frames"], batch.writer, batch.first_spool_id, batch.last_spool_id)
        return [row["frames"] for row in rows]

    async def mark_stored(
        self, batch: SealedBatch, refused: Sequence[DeadLetter], seen: Sightings = _NOTHING_SEEN
    ) -> None:
        """Record that ClickHouse has the batch, and what follows from it, in one transaction.

        The rows that it refused are kept as dead letters; the hours of its events are noted, to be counted; links are
        recorded; conversions that a touch of the batch could change are requeued.
        """
        follows = bool(refused or seen.links or seen.touch_keys)
        async with self._database.connection() as connection, _transaction(connection, is_needed=follows):
            if refused:
                await _keep(connection, "quarantined", refused)
            if seen.links:
                await record_links(connection, seen.links)
            if seen.touch_keys:
                hashes, times = zip(*seen.touch_keys, strict=True)
                await connection.execute(_SQL["requeue_late"], batch.batch_id, [signed(each) for each in hashes], times)
            await connection.execute(
                _SQL["mark_stored"], batch.batch_id, [letter.position for letter in refused], seen.hours
            )

    async def watches(self) -> bool:
        """Say whether a touch that comes late could change any conversion."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["watches"]))

    async def backlog(self) -> Backlog:
        """Measure what is not yet stored, and this shard's to store."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["backlog"], *self._place)
        return Backlog(int(row["bytes"]), int(row["events"]), row["age_seconds"])

    async def newest(self) -> int:
        """Read the id of the tenant's newest row, whichever shard wrote it; 0 if there is none."""
        async with self._database.connection() as connection:
            return int(await connection.fetchval(_SQL["newest"]))

    async def oldest_waiting(self) -> int:
        """Read the id of the tenant's oldest row that is not stored, whichever shard's it is; past all ids if none."""
        async with self._database.connection() as connection:
            return int(await connection.fetchval(_SQL["oldest_waiting"]))

    async def recent_hashes(self, days: int) -> AsyncIterator[tuple[datetime, bytes]]:
        """Read the tenant's event-id hashes of the dedup window, oldest first: commit time, 8 bytes an event.

        They come a few hundred commits at a time: a shard keeps only its part of them.
        """
        async with self._database.connection() as connection, connection.transaction(readonly=True):
            async for row in connection.cursor(_SQL["recent_hashes"], days, prefetch=_HASH_ROWS):
                yield row["committed_at"], row["hashes"]

    async def accepted_today(self) -> int:
        """Count the events that this shard and its predecessors have accepted since midnight (UTC)."""
        async with self._database.connection() as connection:
            return int(await connection.fetchval(_SQL["accepted_today"], *self._place))

    async def committed_after(self, spool_id: int) -> list[Commit]:
        """List what this shard committed past a row, once no append runs any more whose answer was lost."""
        async with self._database.connection() as connection, connection.transaction():
            # An append holds a share of this lock until it has ended.
            await connection.execute(_SQL["settle"], self._shard.index)
            rows = await connection.fetch(_SQL["committed_after"], self._shard.index, spool_id)
        return [Commit(*row.values()) for row in rows]

    async def forget(self, *, stored_seconds: float, hash_days: int, letter_days: int, letters_max: int) -> None:
        """Drop rows stored longer ago than the replay window, hashes older than the dedup window, old dead letters.

        However many there are, in portions that hold a connection for a moment each.
        """
        await self._forget("forget_stored", *self._place, stored_seconds)
        await self._forget("forget_batches", *self._place, stored_seconds)
        # These are of all shards: one of them suffices, and two would get in each other's way.
        if self._shard.index == 0:
            await self._forget("forget_hashes", hash_days)
            await self._forget("forget_dead_letters", letter_days, letters_max)

    async def _forget(self, statement: str, *values: float) -> None:
        deleted = "DELETE"
        while deleted != "DELETE 0":
            async with self._database.connection() as connection:
                deleted = await connection.execute(_SQL[statement], *values)


def _sealed(row: Any) -> SealedBatch:
    return SealedBatch(
        row["shard"],
        BatchId(str(row["batch_id"])),
        row["first_spool_id"],
        row["last_spool_id"],
        row["events"],
        row["sealed_at"],
    )


@asynccontextmanager
async def _transaction(connection: Any, *, is_needed: bool) -> AsyncIterator[None]:
    """Hold several statements together; one alone is a transaction by itself, and costs one round trip less."""
    if is_needed:
        async with connection.transaction():
            yield
    else:
        yield


async def _keep(connection: Any, stage: str, letters: Sequence[DeadLetter]) -> None:
    await connection.execute(
        _SQL["keep_dead_letters"],
        stage,
        schema_version(),
        [letter.batch_id for letter in letters],
        [letter.position for letter in letters],
        [letter.event_id for letter in letters],
        [letter.event_type for letter in letters],
        [letter.reason for letter in letters],
        [letter.errors for letter in letters],
        [letter.raw for letter in letters],
        [letter.is_whole for letter in letters],
    )
