"""Puts sealed batches into a tenant's table: frozen bytes under a token, so that sending twice stores once.

A row that the store refuses must not hold up the rest. The batch is halved until the rows at fault stand
alone; each half has a token of its own (the batch id and its range), so that a crash in the midst of it
and a second bisection store nothing twice.
"""

from collections.abc import AsyncIterator

import zstandard

from schemas.ids import BatchId, TenantId
from storage.clickhouse.connect import ClickHouse, RowsRefusedError
from storage.clickhouse.schema import guard_tables
from storage.names import clickhouse_tables

INSERT_SETTINGS = {
    # The server's own batching would answer before the rows are written.
    "async_insert": "0",
    "deduplicate_blocks_in_dependent_materialized_views": "1",
    "date_time_input_format": "best_effort",
    "input_format_skip_unknown_fields": "0",
    # The same bytes must always make the same blocks: the token names a block.
    "input_format_parallel_parsing": "0",
    "max_insert_threads": "1",
    # Repeats are folded when parts are merged; looking for them in every insert as well gains nothing.
    "optimize_on_insert": "0",
}


class EventWriter:
    """Writes one tenant's events."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store
        self._tenant_id = tenant_id
        self._table = clickhouse_tables(tenant_id)["events"]

    async def guard(self) -> None:
        """Check that the tables are such that an insert that is sent twice is stored once.

        Raises:
            WrongTableError: they are not.
            StoreAwayError: the store did not answer.
        """
        await guard_tables(self._store, self._tenant_id)

    async def insert(self, frames: bytes, token: str) -> None:
        """Insert zstd frames of NDJSON as they are, under a token.

        Raises:
            RowsRefusedError: a row of them is at fault; none was stored.
            StoreAwayError: it may have been stored or not; insert again with the same token.
        """
        async with self._store.client() as client:
            await client.raw_insert(
                self._table,
                insert_block=frames,
                fmt="JSONEachRow",
                compression="zstd",
                settings=INSERT_SETTINGS | {"insert_deduplication_token": token},
            )

    async def insert_bisecting(self, frames: bytes, batch_id: BatchId) -> AsyncIterator[tuple[int, bytes, str]]:
        """Insert all rows but those at fault; yield each of these with its position and the store's reason.

        Raises:
            StoreAwayError: begin again later with the same frames and batch id.
        """
        with zstandard.ZstdDecompressor().stream_reader(frames, read_across_frames=True) as reader:
            rows = reader.read().splitlines(keepends=True)
        ranges = [(0, len(rows))]
        while ranges:
            first, last = ranges.pop()
            compressed = zstandard.compress(b"".join(rows[first:last]), level=1)
            try:
                await self.insert(compressed, f"{batch_id}/{first}-{last}")
            except RowsRefusedError as error:
                if last - first == 1:
                    yield first, rows[first].rstrip(b"\n"), str(error)
                else:
                    middle = (first + last) // 2
                    ranges += [(middle, last), (first, middle)]
