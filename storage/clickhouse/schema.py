"""The tables of a tenant in ClickHouse, and the guard that refuses to write to one that would lose or double rows."""

from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse
from storage.names import CLICKHOUSE_DATABASE, clickhouse_tables
from storage.sql import fill, load_migrations, load_queries

_SQL = load_queries("storage.clickhouse", "queries.sql")


class WrongTableError(Exception):
    """A table lacks the deduplication window without which a repeated insert would double its rows."""


async def ensure_tables(store: ClickHouse, tenant_id: TenantId) -> None:
    """Make the tenant's tables, as far as they are missing."""
    tables = clickhouse_tables(tenant_id)
    async with store.client() as client:
        await client.command(f"CREATE DATABASE IF NOT EXISTS {CLICKHOUSE_DATABASE}")
        for migration in load_migrations("storage.clickhouse", "migrations"):
            for statement in migration.sql.split(";\n"):
                if statement.strip():
                    await client.command(fill(statement, tables))


async def tables_there(store: ClickHouse) -> frozenset[str]:
    """Read the qualified names of all tenants' tables."""
    async with store.client() as client:
        answer = await client.query(_SQL["tables_there"], parameters={"database": CLICKHOUSE_DATABASE})
    return frozenset(f"{CLICKHOUSE_DATABASE}.{name}" for (name,) in answer.result_rows)


async def guard_tables(store: ClickHouse, tenant_id: TenantId) -> None:
    """Check that the tables of a tenant remember enough insert tokens.

    Raises:
        WrongTableError: one is missing, or its `non_replicated_deduplication_window` is too small.
    """
    tables = clickhouse_tables(tenant_id)
    for slot in ("events", "touch_keys", "install_keys"):
        database, table = tables[slot].split(".")
        async with store.client() as client:
            answer = await client.query(_SQL["table_engine"], parameters={"database": database, "table": table})
        if not answer.result_rows:
            raise WrongTableError(f"{tables[slot]} is missing")
        engine, engine_full = answer.result_rows[0]
        window = f"non_replicated_deduplication_window = {store.settings.dedup_window_blocks}"
        if not engine.startswith("Replicated") and window not in engine_full:
            raise WrongTableError(f"{tables[slot]} must have {window}; it has: {engine_full}")


async def drop_tables(store: ClickHouse, tenant_id: TenantId) -> None:
    """Drop the tenant's tables, as far as they are there: the feeds first, which read others."""
    tables = clickhouse_tables(tenant_id)
    async with store.client() as client:
        for slot in sorted(tables, key=lambda slot: not slot.endswith("_feed")):
            await client.command(fill(_SQL["drop_table"], {"table": tables[slot]}))
