"""The touches that were just stored, by their keys: which conversions a batch could change is asked of these.

ClickHouse has taken the rows apart already, so the batch need not be read again. Touches are found by when they were
stored, which the table writes itself: the clocks of whoever sent them, and of the platform's other machines, do not
matter. One question covers what was stored since the last one whose answer was recorded; whoever asks inserts and asks
in turns.
"""

from datetime import UTC, datetime, timedelta

from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.literals import moment
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "identity.sql")
_CLOCKS_APART = timedelta(minutes=5)


class LateTouches:
    """Reads the keys of one tenant's newest touches."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store
        self._query = fill(_SQL["touches_stored"], clickhouse_tables(tenant_id))
        self._asked_at: datetime | None = None
        self._recorded_at: datetime | None = None

    async def keys(self, sealed_at: datetime) -> tuple[tuple[int, datetime], ...]:
        """Give the hash of each key under which a touch was stored lately, and the earliest such touch.

        Lately: since the last call whose answer was `recorded`; else since `sealed_at` (aware, by Postgres's clock),
        before which the batch was not inserted.

        Raises:
            StoreAwayError: the store did not answer.
        """
        since = self._recorded_at or sealed_at - _CLOCKS_APART
        async with self._store.client() as client:
            answer = await client.query(
                fill(self._query, {"since": moment(since)}),
                settings={
                    "max_threads": self._store.settings.query_threads,
                    "max_execution_time": self._store.settings.query_seconds,
                },
            )
        rows = answer.result_rows
        if rows:
            self._asked_at = _utc(rows[0][2])
        return tuple((row[0], _utc(row[1])) for row in rows)

    def recorded(self) -> None:
        """Take note that the last answer is recorded: until then it is given again."""
        self._recorded_at = self._asked_at


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
