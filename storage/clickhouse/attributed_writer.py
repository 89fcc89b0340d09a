"""Puts attributed conversions into the table that reports and models read."""

from collections.abc import Sequence
from typing import Any

import orjson
import xxhash
import zstandard

from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.event_writer import INSERT_SETTINGS
from storage.names import clickhouse_tables


class AttributedWriter:
    """Writes one tenant's attributed conversions."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store.of(tenant_id)
        self._table = clickhouse_tables(tenant_id)["attributed"]

    async def insert(self, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows, whose fields are the table's columns. The same rows again change nothing.

        The token is of the content; past its window the table folds equal revisions of a conversion.

        Raises:
            RowsRefusedError: a row of them is at fault; none was stored.
            StoreAwayError: they may have been stored or not; insert them again.
        """
        block = b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        async with self._store.client() as client:
            await client.raw_insert(
                self._table,
                insert_block=zstandard.compress(block, level=1),
                fmt="JSONEachRow",
                compression="zstd",
                settings=INSERT_SETTINGS | {"insert_deduplication_token": xxhash.xxh3_128_hexdigest(block)},
            )
