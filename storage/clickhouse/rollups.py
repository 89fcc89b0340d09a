"""Counts by quarter of an hour, from which reports answer, kept equal to the raw events.

Every hour of which events were stored since it was last rolled up (`storage.postgres.event_hours`) is counted anew from
the raw events, repeats folded; the new counts replace the old ones. So it does not matter how often, by whom or in
which order it is done, nor where it was broken off.
"""

from collections.abc import Sequence

from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "rollups.sql") | load_queries("storage.clickhouse", "person.sql")

_HOUR_SECONDS = 3_600


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
        parameters = {
            "hours": list(hours),
            "since": min(hours),
            "until": max(hours) + _HOUR_SECONDS,
            "rolled_at": asked_at,
        }
        settings = {
            "max_threads": self._store.settings.query_threads,
            "max_execution_time": self._store.settings.insert_seconds,
            "do_not_merge_across_partitions_select_final": 1,
            # The same counts again are no repeat to be dropped: they may replace others.
            "insert_deduplicate": 0,
            "optimize_on_insert": 0,
        }
        for step in ("roll_activity", "roll_touches"):
            async with self._store.client() as client:
                await client.command(fill(_SQL[step], self._tables), parameters=parameters, settings=settings)
