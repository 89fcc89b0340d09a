"""Writes what is foretold of a tenant's installs: a snapshot at a time, which is whole before anybody reads it."""

import io
from collections.abc import Collection

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "install_values.sql")
_ROWS_AT_ONCE = 100_000


class InstallValues:
    """The values of one tenant's installs."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store
        self._own = store.of(tenant_id)
        self._tables = clickhouse_tables(tenant_id)

    async def write(self, snapshot: int, rows: pa.Table) -> None:
        """Write a snapshot: all columns of the table but its number, which no other snapshot ever had.

        Raises:
            StoreAwayError: some of it may be there; another snapshot is to be written.
        """
        whole = rows.add_column(0, "snapshot", pa.repeat(pa.scalar(snapshot, pa.uint64()), len(rows)))
        for first in range(0, len(whole), _ROWS_AT_ONCE):
            written = io.BytesIO()
            pq.write_table(whole.slice(first, _ROWS_AT_ONCE), written, compression="zstd")
            async with self._own.client() as client:
                await client.raw_insert(
                    self._tables["install_values"],
                    insert_block=written.getvalue(),
                    fmt="Parquet",
                    # Equal rows of two snapshots are two rows.
                    settings={"async_insert": "0", "insert_deduplicate": "0"},
                )

    async def keep_only(self, snapshots: Collection[int]) -> None:
        """Drop all snapshots but those that may be read.

        Raises:
            StoreAwayError: the store did not answer; the next time is soon enough.
        """
        async with self._store.client() as client:
            answer = await client.query(fill(_SQL["snapshots"], self._tables))
            for (partition_id,) in answer.result_rows:
                if int(partition_id) not in snapshots:
                    await client.command(
                        fill(_SQL["drop_snapshot"], self._tables), parameters={"partition_id": partition_id}
                    )
