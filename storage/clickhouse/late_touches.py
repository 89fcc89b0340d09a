"""The touches that were just stored, by their keys: which conversions a batch could change is asked of these.

ClickHouse has taken the rows apart already, so the batch need not be read again. Touches are found by when they were
stored, which the table writes itself: the clocks of whoever sent them, and of the platform's other machines, do not
matter. One question covers what was stored since the last one whose answer was recorded; whoever asks inserts and asks
in turns.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.literals import moment
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "identity.sql")
_CLOCKS_APART = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """Keys under which touches were stored: hashes, each once, and when the earliest such touch happened (UTC)."""

    hashes: NDArray[np.uint64]
    earliest: NDArray[np.datetime64]

    def chosen(self, mask: NDArray[np.bool_]) -> tuple[tuple[int, datetime], ...]:
        """Give some of them one by one."""
        times = self.earliest[mask].astype("datetime64[us]").tolist()
        return tuple(zip(self.hashes[mask].tolist(), (time.replace(tzinfo=UTC) for time in times), strict=True))


class LateTouches:
    """Reads the keys of one tenant's newest touches."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store.of(tenant_id)
        self._query = fill(_SQL["touches_stored"], clickhouse_tables(tenant_id))
        self._asked_at: datetime | None = None
        self._recorded_at: datetime | None = None

    async def keys(self, sealed_at: datetime) -> StoredKeys:
        """Give the keys under which a touch was stored lately.

        Lately: since the last call whose answer was `recorded`; else since `sealed_at` (aware, by Postgres's clock),
        before which the batch was not inserted.

        Raises:
            StoreAwayError: the store did not answer.
        """
        since = self._recorded_at or sealed_at - _CLOCKS_APART
        async with self._store.client() as client:
            # There may be hundreds of thousands: as columns, they cost next to nothing.
            table = await client.query_arrow(
                fill(self._query, {"since": moment(since)}),
                settings={
                    "max_threads": self._store.settings.query_threads,
                    "max_execution_time": self._store.settings.query_seconds,
                },
            )
        if table.num_rows:
            self._asked_at = table["asked_at"][0].as_py()
        return StoredKeys(table["key_hash"].to_numpy(), table["earliest"].to_numpy())

    def recorded(self) -> None:
        """Take note that the last answer is recorded: until then it is given again."""
        self._recorded_at = self._asked_at
