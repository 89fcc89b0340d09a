"""Reads a database's tables as lines of JSON, streamed by COPY: no table is ever held whole.

COPY's own quoting is turned off by giving it a quote and a delimiter that JSON's text never has.
"""

from collections.abc import Callable
from typing import Any

from schemas.ids import TenantId
from storage.postgres.connect import Database
from storage.sql import fill, load_queries

_SQL = load_queries("storage.postgres", "table_export.sql")
_PLAIN = {"format": "csv", "quote": "\x01", "delimiter": "\x02"}

Take = Callable[[bytes], None]


async def tables_of(database: Database) -> list[tuple[str, str]]:
    """List a tenant's tables: the name of each, and the name by which `copy_table` finds it."""
    async with database.connection() as connection:
        return [tuple(row) for row in await connection.fetch(_SQL["tables"])]


async def copy_table(database: Database, qualified_name: str, take: Take, *, timeout_seconds: float) -> None:
    """Give a table's rows as lines of JSON."""
    async with database.connection() as connection:
        await _copy(connection, fill(_SQL["rows"], {"table": qualified_name}), take, timeout_seconds)


async def copy_control(
    control: Database, table: str, tenant_id: TenantId, take: Take, *, timeout_seconds: float
) -> None:
    """Give a tenant's rows of a table of the control database; the table is one of `CONTROL_TABLES`."""
    async with control.connection() as connection:
        await _copy(connection, _SQL[table], take, timeout_seconds, tenant_id)


async def _copy(connection: Any, query: str, take: Take, timeout_seconds: float, *parameters: str) -> None:
    async def output(chunk: bytes) -> None:
        take(chunk)

    await connection.copy_from_query(query, *parameters, output=output, timeout=timeout_seconds, **_PLAIN)


CONTROL_TABLES = ("tenants", "links", "app_links", "event_schemas", "api_keys")
"""What of the control database is the tenant's; of keys no hash, of token keys nothing."""
