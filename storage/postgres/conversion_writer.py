"""Conversions and their attributions, as one shard of the tenant's actor writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.results import AttributionFailure, AttributionResult
from schemas.shards import Shard
from storage.postgres.connect import Database
from storage.postgres.fencing import fenced
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "conversions.sql")


_REASON_CHARS_MAX = 500


@dataclass(frozen=True, slots=True)
class PendingConversion:
    """A conversion that has no result: its id, and its stamped event."""

    conversion_id: str
    event: dict[str, Any]


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
        return [PendingConversion(row["conversion_id"], orjson.loads(row["event"])) for row in rows]

    async def has_pending(self) -> bool:
        """Say whether any conversion waits for its result."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["has_pending"], *self._place))

    async def record(self, epoch: int, results: Sequence[AttributionResult]) -> None:
        """Write a revision for each result and end its conversion's wait, in one transaction.

        Raises:
            EpochSupersededError: a newer incarnation has taken over; nothing was written.
        """
        async with fenced(self._database) as connection:
            await connection.execute(
                _SQL["record"],
                self._shard.index,
                epoch,
                [result.conversion_id for result in results],
                [result.is_organic for result in results],
                [result.media_source for result in results],
                [result.campaign for result in results],
                [result.match_type for result in results],
                [result.policy_version for result in results],
                [result.model_version for result in results],
                [orjson.dumps(result, default=_as_object) for result in results],
            )

    async def fail(self, epoch: int, failures: Sequence[AttributionFailure], *, tries_max: int) -> None:
        """Count a failed try of each conversion; after `tries_max` of them it waits no longer, and has the reason.

        Raises:
            EpochSupersededError: a newer incarnation has taken over; nothing was written.
        """
        async with fenced(self._database) as connection:
            await connection.execute(
                _SQL["fail"],
                self._shard.index,
                epoch,
                [failure.conversion_id for failure in failures],
                [failure.reason.replace("\0", "")[:_REASON_CHARS_MAX] for failure in failures],
                tries_max,
            )


def _as_object(value: Any) -> dict[str, Any]:
    """Write a touchpoint, which is a tuple, as an object with its fields' names."""
    fields: dict[str, Any] = value._asdict()
    return fields
