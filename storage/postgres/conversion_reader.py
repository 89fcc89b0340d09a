"""Conversions and their attributions, as the API reads them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "conversions.sql")
_AHEAD_MAX = timedelta(days=2)
"""Conversions may lie up to a day ahead: a device's clock is not ours."""

_BEGINNING = datetime.fromisoformat("0001-01-02T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class ConversionFilter:
    """Which conversions a page shows; None means any."""

    since: datetime | None = None
    until: datetime | None = None
    conversion_type: str | None = None
    media_source: str | None = None
    campaign: str | None = None
    is_organic: bool | None = None


@dataclass(frozen=True, slots=True)
class StoredConversion:
    """A conversion with its newest result; `revision` 0 and no result while it waits for one, or has a `failure`."""

    conversion_id: str
    conversion_type: str
    conversion_time: datetime
    received_at: datetime
    revision: int
    failure: str | None
    event: dict[str, Any]
    attributed_at: datetime | None
    result: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class ConversionCounts:
    """How many conversions wait for their result now, and how many were given up."""

    pending: int
    failed: int


@dataclass(frozen=True, slots=True)
class StoredRevision:
    """One result of a conversion, and why it was made."""

    revision: int
    cause: str
    attributed_at: datetime
    policy_version: int
    model_version: str
    result: dict[str, Any]


class ConversionReader:
    """What the API reads of conversions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, conversion_id: str) -> StoredConversion | None:
        """Find one conversion by its id."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["one"], conversion_id)
        return None if row is None else _stored(row)

    async def revisions(self, conversion_id: str) -> list[StoredRevision]:
        """Read every result that a conversion had, oldest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["revisions"], conversion_id)
        return [StoredRevision(**{**row, "result": orjson.loads(row["result"])}) for row in rows]

    async def counts(self) -> ConversionCounts:
        """Count the conversions that have no result."""
        async with self._database.connection() as connection:
            return ConversionCounts(**await connection.fetchrow(_SQL["counts"]))

    async def page(
        self, chosen: ConversionFilter, *, before: tuple[datetime, str] | None, now: datetime, limit: int
    ) -> list[StoredConversion]:
        """Read attributed conversions, newest first, those before a (conversion_time, conversion_id)."""
        time, conversion_id = before or (chosen.until or now + _AHEAD_MAX, "")
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                _SQL["page"],
                time,
                conversion_id,
                chosen.since or _BEGINNING,
                chosen.conversion_type,
                chosen.media_source,
                chosen.campaign,
                chosen.is_organic,
                limit,
            )
        return [_stored(row) for row in rows]

    async def failed(self, *, before: tuple[datetime, str] | None, now: datetime, limit: int) -> list[StoredConversion]:
        """Read conversions that attribution gave up, newest first, those before a (conversion_time, conversion_id)."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["failed"], *(before or (now + _AHEAD_MAX, "")), limit)
        return [_stored(row) for row in rows]


class FailedConversions:
    """What the API may do about conversions that attribution gave up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def retry(self, conversion_ids: list[str] | None) -> int:
        """Let them wait for a result again, all (None) or these; say how many do."""
        async with self._database.connection() as connection:
            return int(await connection.fetchval(_SQL["retry"], conversion_ids))


def _stored(row: Any) -> StoredConversion:
    fields = dict(row)
    fields["event"] = orjson.loads(fields["event"])
    fields["result"] = orjson.loads(fields["result"]) if fields["result"] else None
    return StoredConversion(**fields)
