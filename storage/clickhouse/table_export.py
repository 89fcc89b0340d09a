"""Reads a tenant's tables as Parquet, one partition at a time, streamed."""

from collections.abc import AsyncIterator

from storage.clickhouse.connect import ClickHouse
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "table_export.sql")
_SETTINGS = {
    "max_execution_time": 0,
    "max_threads": 1,
    "output_format_parquet_row_group_size": 100_000,
    "output_format_parquet_parallel_encoding": 0,
}


async def partitions_of(store: ClickHouse, table: str) -> list[str]:
    """List the partitions of a table (with its database) that have rows, by id.

    Raises:
        StoreAwayError: the store did not answer; so `partition`.
    """
    database, name = table.split(".")
    async with store.client() as client:
        answer = await client.query(_SQL["partitions"], parameters={"database": database, "table": name})
    return [row[0] for row in answer.result_rows]


async def partition(store: ClickHouse, table: str, partition_id: str) -> AsyncIterator[bytes]:
    """Give one partition of a table as a Parquet file, a chunk at a time."""
    async with store.client() as client:
        stream = await client.raw_stream(
            fill(_SQL["partition"], {"table": table}),
            parameters={"partition_id": partition_id},
            settings=_SETTINGS,
            fmt="Parquet",
        )
        async with stream as chunks:
            async for chunk in chunks:
                yield chunk
