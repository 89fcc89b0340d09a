"""Counts by quarter of an hour, from which reports answer, kept equal to the raw events.

A view notes for each insert which hours it touched. Every hour that was touched since it was last rolled up is counted
anew from the raw events, repeats folded; the new counts replace the old ones. So it does not matter how often, by
whom or in which order it is done, nor where it was broken off. Because an insert may become visible a little after the
view has noted it, an hour is counted once more some time after its last insert.
"""

from dataclasses import dataclass

from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "rollups.sql")

_HOUR_SECONDS = 3_600
_HOURS_ASKED = 1_000
SETTLE_SECONDS = 120
"""Twice as long as an insert may take."""


@dataclass(frozen=True, slots=True)
class DirtyHours:
    """Hours to roll up, newest first, by their starts (seconds since 1970), and when that was asked (milliseconds)."""

    hours: tuple[int, ...]
    asked_at: int

    def newest(self, span_hours: int) -> "DirtyHours":
        """Give those within so many hours of the newest: one range of the table's key."""
        return DirtyHours(
            tuple(hour for hour in self.hours if hour > self.hours[0] - span_hours * _HOUR_SECONDS), self.asked_at
        )


class Rollups:
    """Rolls one tenant's events up."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store
        self._tables = clickhouse_tables(tenant_id) | {"person_key": _SQL["person_key"]}

    async def dirty(self) -> DirtyHours:
        """Ask which hours have events that were not counted yet.

        Raises:
            StoreAwayError: the store did not answer.
        """
        async with self._store.client() as client:
            answer = await client.query(
                fill(_SQL["dirty_hours"], self._tables),
                parameters={"settle_seconds": SETTLE_SECONDS, "limit": _HOURS_ASKED},
            )
        rows = answer.result_rows
        return DirtyHours(tuple(row[0] for row in rows), rows[0][1] if rows else 0)

    async def roll(self, dirty: DirtyHours) -> None:
        """Count hours anew, and note that they were.

        Raises:
            StoreAwayError: the store did not answer, or broke it off; some of it may be done.
        """
        parameters = {
            "hours": list(dirty.hours),
            "since": min(dirty.hours),
            "until": max(dirty.hours) + _HOUR_SECONDS,
            "rolled_at": dirty.asked_at,
        }
        settings = {
            "max_threads": self._store.settings.query_threads,
            "max_execution_time": self._store.settings.insert_seconds,
            "do_not_merge_across_partitions_select_final": 1,
            # The same counts again are no repeat to be dropped: they may replace others.
            "insert_deduplicate": 0,
            "optimize_on_insert": 0,
        }
        for step in ("roll_activity", "roll_touches", "mark_rolled"):
            async with self._store.client() as client:
                await client.command(fill(_SQL[step], self._tables), parameters=parameters, settings=settings)
