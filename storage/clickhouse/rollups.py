"""Counts by quarter of an hour, from which reports answer, kept equal to the raw events.

Every hour of which events were stored since it was last rolled up (`storage.postgres.event_hours`) is counted anew from
the raw events, repeats folded; the new counts replace the old ones. So it does not matter how often, by whom or in
which order it is done, nor where it was broken off. Weeks that are over are summed from these counts in the same way.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "rollups.sql") | load_queries("storage.clickhouse", "person.sql")

_HOUR_SECONDS = 3_600
_WEEK_SECONDS = 168 * _HOUR_SECONDS
_PORTION_ROWS = 2_000_000
"""So many rows of people's activity and of paid touches are summed at once: they are in the store's memory."""


class Rollups:
    """Rolls one tenant's events up."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store.of(tenant_id)
        self._tables = clickhouse_tables(tenant_id) | {"person_key": _SQL["person_key"]}

    async def roll(self, hours: Sequence[int], asked_at: int) -> None:
        """Count hours anew, given by their starts (seconds since 1970); of two counts, that asked for later stands.

        Raises:
            StoreAwayError: the store did not answer, or broke it off; some of it may be done.
        """
        span = {"hours": list(hours), "since": min(hours), "until": max(hours) + _HOUR_SECONDS}
        for step in ("roll_activity", "roll_touches"):
            await self._command(step, span, asked_at)

    async def sum_week(self, week: date, asked_at: int) -> None:
        """Sum the counts of a week (from this Monday, UTC) anew; of two sums, that asked for later stands.

        Raises:
            StoreAwayError: the store did not answer, or broke it off; some of it may be done.
        """
        since = int(datetime.combine(week, time(), UTC).timestamp())
        span = {"since": since, "until": since + _WEEK_SECONDS}
        async with self._store.client() as client:
            answer = await client.query(fill(_SQL["rows_of_week"], self._tables), parameters=span)
        portions = 1 + answer.result_rows[0][0] // _PORTION_ROWS
        for portion in range(portions):
            for step in ("sum_activity", "sum_revenue", "sum_costs"):
                await self._command(step, span | {"portions": portions, "portion": portion}, asked_at)
        await self._command("sum_touches", span, asked_at)

    async def _command(self, step: str, parameters: dict[str, Any], asked_at: int) -> None:
        settings = {
            "max_threads": self._store.settings.query_threads,
            "max_execution_time": self._store.settings.insert_seconds,
            "do_not_merge_across_partitions_select_final": 1,
            # The same counts again are no repeat to be dropped: they may replace others.
            "insert_deduplicate": 0,
            "optimize_on_insert": 0,
        }
        statement = fill(_SQL[step], self._tables)
        async with self._store.client() as client:
            await client.command(statement, parameters=parameters | {"rolled_at": asked_at}, settings=settings)
