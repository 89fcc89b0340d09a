"""Puts sealed batches into a tenant's table: frozen bytes under a token, so that sending twice stores once.

A row that the store refuses must not hold up the rest. The batch is halved until the rows at fault stand
alone; each half has a token of its own (the batch id and a hash of its rows), so that a crash in the midst of
it and a second bisection store nothing twice.

A table remembers only so many tokens. Whoever sends a batch again after more inserts than that asks first what
the table has of it (`stored_among`), and leaves that out.
"""

from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import xxhash
import zstandard

from schemas.ids import BatchId, TenantId
from storage.clickhouse.connect import ClickHouse, RowsRefusedError
from storage.clickhouse.literals import moment, number_list, text_hash
from storage.clickhouse.schema import guard_tables
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "queries.sql")
_ASKED_AT_ONCE = 5_000
"""Hashes in one statement, whose text has a limit of 256 KiB."""

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


@dataclass(frozen=True, slots=True)
class EventKeys:
    """Events by their ids, and the times (aware) between which all of them happened, both ends included."""

    event_ids: Collection[str]
    since: datetime
    until: datetime


class EventWriter:
    """Writes one tenant's events."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store.of(tenant_id)
        self._tenant_id = tenant_id
        self._tables = clickhouse_tables(tenant_id)

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
                self._tables["events"],
                insert_block=frames,
                fmt="JSONEachRow",
                compression="zstd",
                settings=INSERT_SETTINGS | {"insert_deduplication_token": token},
            )

    async def insert_bisecting(
        self, rows: Sequence[bytes], batch_id: BatchId
    ) -> AsyncGenerator[tuple[int, bytes, str]]:
        """Insert all rows but those at fault; yield each of these with its position and the store's reason.

        An empty row holds a place only: it stands for one that is not to be sent.

        Raises:
            StoreAwayError: begin again later with the same rows, but for what the table has of them by then.
        """
        ranges = [(0, len(rows))]
        while ranges:
            first, last = ranges.pop()
            piece = b"".join(rows[first:last])
            if not piece:
                continue
            try:
                # Of the content, because a token that came before with other rows would lose these.
                await self.insert(zstandard.compress(piece, level=1), f"{batch_id}/{xxhash.xxh3_128_hexdigest(piece)}")
            except RowsRefusedError as error:
                if last - first == 1:
                    yield first, rows[first].rstrip(b"\n"), str(error)
                else:
                    middle = (first + last) // 2
                    ranges += [(middle, last), (first, middle)]

    async def stored_among(self, keys: EventKeys) -> set[str]:
        """Say which of these events the table has, and see to it that all can be found by their keys.

        A crash of the store may have come between an event and its keys.

        Raises:
            StoreAwayError: the store did not answer.
        """
        found: set[str] = set()
        for event_ids in _portions(keys.event_ids):
            async with self._store.client() as client:
                answer = await client.query(self._filled("stored_among", keys, event_ids))
            found.update(row[0] for row in answer.result_rows)
        if found:
            await self._feed_keys(keys, found)
        return found

    async def _feed_keys(self, keys: EventKeys, event_ids: set[str]) -> None:
        for kind in ("touch", "install"):
            database, table = self._tables[f"{kind}_keys_feed"].split(".")
            async with self._store.client() as client:
                answer = await client.query(_SQL["feed_select"], parameters={"database": database, "table": table})
                feed = answer.result_rows[0][0]
                for portion in _portions(event_ids):
                    await client.command(self._filled(f"feed_{kind}_keys", keys, portion, feed=feed))

    def _filled(self, query: str, keys: EventKeys, event_ids: Collection[str], **slots: str) -> str:
        hashes = number_list(map(text_hash, event_ids))
        times = {"since": moment(keys.since), "until": moment(keys.until)}
        return fill(_SQL[query], self._tables | times | {"hashes": hashes} | slots)


def _portions(event_ids: Collection[str]) -> Iterator[tuple[str, ...]]:
    ordered = sorted(event_ids)
    for start in range(0, len(ordered), _ASKED_AT_ONCE):
        yield tuple(ordered[start : start + _ASKED_AT_ONCE])
