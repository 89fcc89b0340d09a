"""Conversions and their attributions, as the tenant's actor writes them."""

from collections.abc import Sequence
from typing import Any

import orjson

from schemas.results import AttributionResult
from storage.postgres.connect import Database
from storage.postgres.fencing import fenced
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "conversions.sql")


class ConversionWriter:
    """What the tenant's actor does with conversions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pending(self, up_to_spool_id: int, limit: int) -> list[dict[str, Any]]:
        """Read the events of conversions that have no result, of spool rows up to one, oldest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["pending"], up_to_spool_id, limit)
        return [orjson.loads(row["event"]) for row in rows]

    async def has_pending(self) -> bool:
        """Say whether any conversion waits for its result."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["has_pending"]))

    async def record(self, epoch: int, results: Sequence[AttributionResult]) -> None:
        """Write a revision for each result and end its conversion's wait, in one transaction.

        Raises:
            EpochSupersededError: a newer incarnation has taken over; nothing was written.
        """
        async with self._database.connection() as connection:
            with fenced():
                await connection.execute(
                    _SQL["record"],
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


def _as_object(value: Any) -> dict[str, Any]:
    """Write a touchpoint, which is a tuple, as an object with its fields' names."""
    fields: dict[str, Any] = value._asdict()
    return fields
