"""Reads which of a tenant's stored events violate its own schemas, and where."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse, query_limits
from storage.clickhouse.literals import moment_text
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "queries.sql")


@dataclass(frozen=True, slots=True)
class FlaggedViolation:
    """Stored events of one name that are marked as violating its schema at one place; times are UTC."""

    event_name: str
    pointer: str
    example: str
    events: int
    last_at: str


class ViolationReader:
    """Reads one tenant's marks."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store.of(tenant_id)
        self._tables = clickhouse_tables(tenant_id)

    async def flagged(self, since: datetime, until: datetime, limit: int) -> list[FlaggedViolation]:
        """Count marked events that arrived within a span, the most frequent marks first.

        Raises:
            StoreAwayError: the store did not answer.
        """
        async with self._store.client() as client:
            answer = await client.raw_query(
                fill(_SQL["violations"], self._tables),
                parameters={"since": moment_text(since), "until": moment_text(until), "limit": limit},
                fmt="JSONEachRow",
                settings=query_limits(self._store.settings, self._store.settings.query_seconds)
                | {"output_format_json_quote_64bit_integers": 0},
            )
        return [FlaggedViolation(**orjson.loads(line)) for line in answer.splitlines()]
