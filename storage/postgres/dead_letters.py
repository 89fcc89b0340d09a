"""A tenant's dead letters, as the API reads them. They are written with the commit; see `storage.spool`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "dead_letters.sql")
_BIGINT_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """Which dead letters are meant; None means any. `stage` is rejected or quarantined."""

    stage: str | None = None
    reason: str | None = None
    event_type: str | None = None
    event_id: str | None = None
    ids: Sequence[int] | None = None
    is_replayed: bool | None = None


@dataclass(frozen=True, slots=True)
class StoredDeadLetter:
    """One dead letter; `errors` are objects with pointer, detail and code."""

    dead_letter_id: int
    received_at: datetime
    stage: str
    event_id: str | None
    event_type: str | None
    reason: str
    errors: list[dict[str, str]]
    schema_version: str
    raw: bytes
    is_whole: bool
    replayed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many dead letters wait that have a fault of the same kind at the same place; `newest_id` is one of them."""

    stage: str
    reason: str
    event_type: str | None
    pointer: str
    events: int
    first_at: datetime
    last_at: datetime
    newest_id: int


@dataclass(frozen=True, slots=True)
class RejectedViolation:
    """Dead letters that wait because they violate a version of a tenant's schema at one place."""

    event_name: str
    version: int
    pointer: str
    example: str
    events: int
    last_at: datetime


class DeadLetters:
    """Reads dead letters and marks those that were replayed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, chosen: DeadLetterFilter, *, before: int | None = None, limit: int) -> list[StoredDeadLetter]:
        """Read dead letters, newest first, those before an id."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                _SQL["page"],
                before or _BIGINT_MAX,
                chosen.stage,
                chosen.reason,
                chosen.event_type,
                chosen.event_id,
                chosen.ids,
                chosen.is_replayed,
                limit,
            )
        return [_stored(row) for row in rows]

    async def counts(self, limit: int) -> list[ReasonCount]:
        """Count what waits by reason, the most frequent first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["counts"], limit)
        return [ReasonCount(**row) for row in rows]

    async def violations(self, since: datetime, until: datetime, limit: int) -> list[RejectedViolation]:
        """Count what waits because of the tenant's own schemas, the most frequent first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["violations"], since, until, limit)
        return [RejectedViolation(**row) for row in rows]

    async def mark_replayed(self, ids: Sequence[int]) -> None:
        """Note that these were accepted when they were sent again."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["mark_replayed"], ids)


def _stored(row: Any) -> StoredDeadLetter:
    return StoredDeadLetter(**{**row, "errors": orjson.loads(row["errors"])})
