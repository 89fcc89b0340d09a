"""Which hours have events that the counts of reports may lack: those stored since they were last counted."""

from dataclasses import dataclass
from datetime import date, datetime

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "event_hours.sql")

_HOUR_SECONDS = 3_600
_HOURS_ASKED = 1_000
SETTLE_SECONDS = 120
"""Twice as long as an insert may take."""

_REST_SECONDS = 600
"""So long must nothing have come for a week before it is summed: each event that comes later makes its sum void."""


@dataclass(frozen=True, slots=True)
class DirtyHours:
    """Hours to roll up, newest first, by their starts (seconds since 1970), and when that was asked (milliseconds)."""

    hours: tuple[int, ...]
    asked_at: int

    def newest(self, span_hours: int) -> "DirtyHours":
        """Give those within so many hours of the newest: one range of the event table's key."""
        return DirtyHours(
            tuple(hour for hour in self.hours if hour > self.hours[0] - span_hours * _HOUR_SECONDS), self.asked_at
        )


@dataclass(frozen=True, slots=True)
class DueWeek:
    """A week to sum, by its Monday (UTC), and when that was asked (milliseconds since 1970)."""

    week: date
    asked_at: int


class EventHours:
    """One tenant's hours. A batch notes its own in the transaction that marks it stored.

    ClickHouse has the batch by then; but its other replicas may have it a little later, so an hour is counted once more
    some time after its last batch.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def dirty(self) -> DirtyHours:
        """Ask which hours have events that were not counted yet."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["dirty"], SETTLE_SECONDS, _HOURS_ASKED)
        return DirtyHours(tuple(row["hour"] for row in rows), rows[0]["asked_at"] if rows else 0)

    async def has_uncounted(self) -> bool:
        """Say whether any hour has events that were never counted."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["has_uncounted"]))

    async def rolled(self, dirty: DirtyHours) -> None:
        """Note that hours were counted, after it was asked for them."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["rolled"], list(dirty.hours), dirty.asked_at)

    async def week_due(self) -> DueWeek | None:
        """Ask which week is to be summed next, the newest first; None if none is."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["week_due"], SETTLE_SECONDS, _REST_SECONDS)
        return None if row is None else DueWeek(**row)

    async def summed(self, due: DueWeek) -> None:
        """Note that a week was summed, after it was asked for it."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["summed"], due.week, due.asked_at)

    async def summed_weeks(self, since: datetime, until: datetime) -> list[date]:
        """Give the weeks within a span of time (aware) whose sums agree with the counts."""
        async with self._database.connection() as connection:
            return [row["week"] for row in await connection.fetch(_SQL["summed_weeks"], since, until)]
