"""Finds the touches that may have led to conversions: ranges of a primary key, many conversions in one query."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from schemas.ids import TenantId
from schemas.touchpoints import Conversion, ConversionCase, MatchKey, MatchType, Touchpoint, TouchType
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.literals import moment, number_list, text_hash
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "queries.sql")


def key_hash(key: MatchKey) -> int:
    """Hash a match key as the table's feed does: xxh3-64 of `match_type:value`."""
    return text_hash(f"{key.match_type}:{key.value}")


class TouchReader:
    """Reads one tenant's touches by their keys."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store
        self._query = fill(_SQL["touches"], clickhouse_tables(tenant_id))

    async def cases(self, conversions: Sequence[Conversion], lookback: timedelta) -> list[ConversionCase]:
        """Give each conversion the touches under any of its keys, from `lookback` before it on.

        Raises:
            StoreAwayError: the store did not answer.
        """
        by_key = await self._touches(conversions, lookback)
        return [
            ConversionCase(
                conversion,
                tuple(
                    touch
                    for key in conversion.keys
                    for touch in by_key.get(key, ())
                    # The query's range is that of the whole batch; a result must not depend on its neighbours.
                    if timedelta(0) <= conversion.conversion_time - touch.touch_time <= lookback
                ),
            )
            for conversion in conversions
        ]

    async def _touches(
        self, conversions: Sequence[Conversion], lookback: timedelta
    ) -> dict[MatchKey, list[Touchpoint]]:
        hashes = {key_hash(key) for conversion in conversions for key in conversion.keys}
        if not hashes:
            return {}
        times = [conversion.conversion_time for conversion in conversions]
        async with self._store.client() as client:
            answer = await client.query(
                fill(
                    self._query,
                    {
                        "hashes": number_list(hashes),
                        "since": moment(min(times) - lookback),
                        "until": moment(max(times)),
                    },
                ),
                settings={
                    "max_threads": self._store.settings.query_threads,
                    "max_execution_time": self._store.settings.query_seconds,
                },
            )
        found: dict[MatchKey, list[Touchpoint]] = {}
        for row in answer.result_rows:
            match_type = MatchType(row[4])
            touch = Touchpoint(row[0], TouchType(row[1]), _utc(row[2]), _utc(row[3]), match_type, *row[6:])
            found.setdefault(MatchKey(match_type, row[5]), []).append(touch)
        return found


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
