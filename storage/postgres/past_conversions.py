"""Conversions with the results they have, for those who judge them once more: recomputations, reviews, previews."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "past_conversions.sql")


@dataclass(frozen=True, slots=True)
class PastConversion:
    """A conversion with its stamped event and its newest result, as objects read from JSON."""

    conversion_id: str
    conversion_time: datetime
    event: dict[str, Any]
    result: dict[str, Any]


class PastConversions:
    """The conversions of one tenant that have a result."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def portion(
        self, since: datetime, until: datetime, after: tuple[datetime, str] | None, limit: int
    ) -> list[PastConversion]:
        """Read those from one time to before another that follow a (conversion_time, conversion_id), oldest first."""
        at_time, at_id = after or (None, "")
        return await self._read("portion", since, until, at_time, at_id, limit)

    async def some(self, conversion_ids: Sequence[str]) -> list[PastConversion]:
        """Read these, in no order."""
        return await self._read("some", list(conversion_ids))

    async def _read(self, query: str, *values: Any) -> list[PastConversion]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL[query], *values)
        return [
            PastConversion(
                row["conversion_id"], row["conversion_time"], orjson.loads(row["event"]), orjson.loads(row["result"])
            )
            for row in rows
        ]
