"""Reads a tenant's days for the lake: a fingerprint of each, and one at a time as Parquet, streamed.

Persons are named as `journeys.sql` names them: by the id by which a person goes whose ids were joined. So joining ids
changes the fingerprints of the days on which the person did something, and these days are exported anew.
"""

import hashlib
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse
from storage.lake.manifest import Dataset
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "lake.sql") | load_queries("storage.clickhouse", "person.sql")
_LAYOUT = 1
"""Raised when days are to be written anew though their rows are the same."""

_TABLES = {Dataset.EVENTS: "events", Dataset.ATTRIBUTIONS: "attributed"}
_TIMES = {Dataset.EVENTS: "event_time", Dataset.ATTRIBUTIONS: "conversion_time"}
_ONE_DAY = timedelta(days=1)
_FINGERPRINT_BYTES = 16

_SETTINGS = {
    # A question of a report is bounded by these; an export reads everything, slowly and by one thread.
    "max_execution_time": 0,
    "max_rows_to_read": 0,
    "max_result_rows": 0,
    "max_threads": 1,
    # A row's day is part of what makes it one with another.
    "do_not_merge_across_partitions_select_final": 1,
}
_PARQUET_SETTINGS = {
    "output_format_parquet_compression_method": "zstd",
    "output_format_parquet_row_group_size": 100_000,
    "output_format_parquet_parallel_encoding": 0,
}


class LakeReader:
    """Reads one tenant's days."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store.of(tenant_id)
        self._tables = clickhouse_tables(tenant_id)

    async def months(self, dataset: Dataset) -> list[date]:
        """List the first days of the months that have rows.

        Raises:
            StoreAwayError: the store did not answer; so all that follows.
        """
        async with self._store.client() as client:
            answer = await client.query(self._filled("months", dataset), settings=_SETTINGS)
        return [date(int(row[0][:4]), int(row[0][4:]), 1) for row in answer.result_rows]

    async def fingerprints(self, dataset: Dataset, since: date, until: date) -> dict[date, str]:
        """Give the fingerprint of each day that has rows, from one to before another."""
        async with self._store.client() as client:
            columns = await client.query(self._filled("columns", dataset), settings=_SETTINGS)
            answer = await client.query(
                self._filled("fingerprints", dataset),
                parameters={"since": since, "until": until},
                settings=_SETTINGS | {"max_memory_usage": self._store.settings.query_memory_bytes},
            )
        layout = (_LAYOUT, columns.column_names, [each.name for each in columns.column_types])
        return {day: _fingerprint(layout, *figures) for day, *figures in answer.result_rows}

    async def rows(self, dataset: Dataset, day: date) -> AsyncIterator[bytes]:
        """Give the rows of one day as a Parquet file, a chunk at a time."""
        async with self._store.client() as client:
            stream = await client.raw_stream(
                self._filled("rows", dataset),
                parameters={"since": day, "until": day + _ONE_DAY},
                settings=_SETTINGS | _PARQUET_SETTINGS | {"max_memory_usage": self._store.settings.query_memory_bytes},
                fmt="Parquet",
            )
            async with stream as chunks:
                async for chunk in chunks:
                    yield chunk

    def _filled(self, query: str, dataset: Dataset) -> str:
        statement = fill(_SQL[query], {"asked_for": _SQL["asked_for"]})
        own = {part: _SQL[f"{dataset}_{part}"] for part in ("identity", "columns", "order")}
        own |= {"table": self._tables[_TABLES[dataset]], "time": _TIMES[dataset]}
        joined = {
            "joined_person": fill(_SQL["joined"], {"key": _SQL["person_key"]}),
            "joined_key": fill(_SQL["joined"], {"key": "person_key"}),
        }
        return fill(fill(fill(statement, own), joined), self._tables)


def _fingerprint(*parts: Any) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[: 2 * _FINGERPRINT_BYTES]
