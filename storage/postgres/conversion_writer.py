"""Conversions and their attributions, as one shard of the tenant's actor writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from schemas.results import AttributionFailure, ResultRecord
from schemas.shards import Shard
from schemas.touchpoints import MatchKey, MatchType
from storage.clickhouse.key_rows import key_hash
from storage.identity_hashes import signed, unsigned
from storage.postgres.connect import Database
from storage.postgres.fencing import fenced
from storage.sql import load_queries
from telemetry.breaks import with_breaks

_SQL = load_queries("storage.postgres", "conversions.sql")


_REASON_CHARS_MAX = 500


@dataclass(frozen=True, slots=True)
class PendingConversion:
    """A conversion that waits for a result: its stamped event, why it waits, and the requeues that the result ends."""

    conversion_id: str
    event: dict[str, Any]
    cause: str = "first"
    requeue_ids: tuple[int, ...] = ()


class ConversionWriter:
    """What a shard does with the conversions that it or a predecessor committed."""

    def __init__(self, database: Database, shard: Shard) -> None:
        self._database = database
        self._shard = shard
        self._place = (shard.index, shard.count)

    async def ready(self, limit: int) -> list[PendingConversion]:
        """Read conversions that have no result and can get it, oldest first.

        They can when ClickHouse has all that the tenant committed before them, in whatever shard: their touches.
        """
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["ready"], *self._place, limit)
        return [PendingConversion(row["conversion_id"], orjson.loads(row["event"])) async for row in with_breaks(rows)]

    async def requeued(self, limit: int) -> list[PendingConversion]:
        """Read conversions that are to be attributed once more, each once, those that were asked for first first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["requeued"], *self._place, limit)
        together: dict[str, PendingConversion] = {}
        for row in rows:
            before = together.get(row["conversion_id"])
            together[row["conversion_id"]] = PendingConversion(
                row["conversion_id"],
                before.event if before else orjson.loads(row["event"]),
                before.cause if before else row["cause"],
                (*(before.requeue_ids if before else ()), row["requeue_id"]),
            )
        return list(together.values())

    async def watch(self, keys: Sequence[tuple[str, MatchKey]], settle_window: timedelta) -> None:
        """Have touches that are stored from now on requeue conversions, given with the keys of their touches.

        It ends for each when `settle_window` has passed since the conversion was received.
        """
        async with self._database.connection() as connection:
            await connection.execute(
                _SQL["watch"],
                [signed(key_hash(key)) for _, key in keys],
                [conversion_id for conversion_id, _ in keys],
                [key.match_type is MatchType.PROBABILISTIC for _, key in keys],
                settle_window,
            )

    async def watched(self) -> list[int]:
        """Read the hashes of all keys that are watched, of whichever shard's conversions."""
        async with self._database.connection() as connection:
            return [unsigned(row["key_hash"]) for row in await connection.fetch(_SQL["watched"])]

    async def forget_watched(self) -> None:
        """Drop the keys of conversions that settled long ago."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["forget_watched"])

    async def has_pending(self) -> bool:
        """Say whether any conversion waits for a result, its first or another."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["has_pending"], *self._place))

    async def record(
        self,
        epoch: int,
        answered: Sequence[tuple[PendingConversion, ResultRecord]],
        awaited: Sequence[tuple[str, str]] = (),
    ) -> bool:
        """Write a revision for each answer that is new, and end all these conversions' wait, in one transaction.

        Whoever awaits one of them is attributed once more, and whether anybody does is said; `awaited` are more such:
        an origin that could not be decided, and a conversion that was attributed without it.

        Raises:
            EpochSupersededError: a newer incarnation has taken over; nothing was written.
        """
        results = [result for _, result in answered]
        async with fenced(self._database) as connection, connection.transaction():
            await connection.execute(
                _SQL["record"],
                self._shard.index,
                epoch,
                [result.conversion_id for result in results],
                [pending.cause for pending, _ in answered],
                [result.is_organic for result in results],
                [result.media_source for result in results],
                [result.campaign for result in results],
                [result.match_type for result in results],
                [result.policy_version for result in results],
                [result.model_version for result in results],
                [result.document.decode() for result in results],
                [requeue_id for pending, _ in answered for requeue_id in pending.requeue_ids],
            )
            # A statement of its own: it sees who was noted while the one above waited for that to end.
            met = await connection.fetch(_SQL["requeue_heirs"], [result.conversion_id for result in results])
            if awaited:
                origins, heirs = zip(*awaited, strict=True)
                met += await connection.fetch(_SQL["await_origins"], list(origins), list(heirs))
        return bool(met)

    async def fail(
        self, epoch: int, failures: Sequence[tuple[PendingConversion, AttributionFailure]], *, tries_max: int
    ) -> None:
        """Count a failed try of each conversion; after `tries_max` of them it waits no longer, and has the reason.

        One that has a result keeps it.

        Raises:
            EpochSupersededError: a newer incarnation has taken over; nothing was written.
        """
        async with fenced(self._database) as connection:
            await connection.execute(
                _SQL["fail"],
                self._shard.index,
                epoch,
                [failure.conversion_id for _, failure in failures],
                [failure.reason.replace("\0", "")[:_REASON_CHARS_MAX] for _, failure in failures],
                tries_max,
                [requeue_id for pending, _ in failures for requeue_id in pending.requeue_ids],
            )
