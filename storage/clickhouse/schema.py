"""The tables of a tenant in ClickHouse, and the guard that refuses to write to one that would lose or double rows.

The migrations are the truth of what they are. `baseline.sql` is what all of them come to, as the server itself words it
(`make baseline`): a tenant that has no table yet is given them so, in a third of the statements.
"""

from importlib.resources import files

from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse
from storage.names import CLICKHOUSE_DATABASE, clickhouse_tables
from storage.sql import fill, load_migrations, load_queries, statements_of
from telemetry.side_by_side import side_by_side

_SQL = load_queries("storage.clickhouse", "queries.sql")
BASELINE = "baseline.sql"


class WrongTableError(Exception):
    """A table lacks the deduplication window without which a repeated insert would double its rows."""


async def ensure_tables(store: ClickHouse, tenant_id: TenantId) -> None:
    """Make the tenant's tables, as far as they are missing, and bring those that are there up to date."""
    await _command(store, f"CREATE DATABASE IF NOT EXISTS {CLICKHOUSE_DATABASE}")
    if await _has_tables(store, tenant_id):
        await migrate_tables(store, tenant_id)
    else:
        await _make_tables(store, tenant_id)


async def migrate_tables(store: ClickHouse, tenant_id: TenantId) -> None:
    """Run all migrations: each changes only what lacks it, so that this may be broken off and repeated."""
    for migration in load_migrations("storage.clickhouse", "migrations"):
        for statement in statements_of(migration.sql):
            await _command(store, fill(statement, clickhouse_tables(tenant_id)))


async def write_baseline(store: ClickHouse, tenant_id: TenantId) -> str:
    """Write down how a tenant's tables are made as they are now, with slots in the place of its names."""
    tables = clickhouse_tables(tenant_id)
    written = []
    for slot in sorted(tables, key=_is_feed):
        async with store.client() as client:
            answer = await client.query(f"SHOW CREATE TABLE {tables[slot]}")
        (made,) = answer.result_rows[0]
        for other, name in tables.items():
            made = made.replace(name, "{" + other + "}")
        written.append(made.replace(" {" + slot, " IF NOT EXISTS {" + slot, 1) + ";\n")
    return "\n".join(written)


async def _make_tables(store: ClickHouse, tenant_id: TenantId) -> None:
    tables = clickhouse_tables(tenant_id)
    made = statements_of(files("storage.clickhouse").joinpath(BASELINE).read_text(encoding="utf-8"))

    async def make(statement: str) -> None:
        await _command(store, fill(statement, tables))

    # The feeds come last: they read some tables, and write to others.
    feeds = sum(map(_is_feed, tables))
    await side_by_side(make, made[:-feeds])
    await side_by_side(make, made[-feeds:])


async def _has_tables(store: ClickHouse, tenant_id: TenantId) -> bool:
    names = [name.removeprefix(f"{CLICKHOUSE_DATABASE}.") for name in clickhouse_tables(tenant_id).values()]
    async with store.client() as client:
        answer = await client.query(_SQL["tables_among"], parameters={"database": CLICKHOUSE_DATABASE, "names": names})
    return bool(answer.result_rows[0][0])


def _is_feed(slot: str) -> bool:
    return slot.endswith("_feed")


async def _command(store: ClickHouse, statement: str) -> None:
    async with store.client() as client:
        await client.command(statement)


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
    for slot in sorted(tables, key=_is_feed, reverse=True):
        await _command(store, fill(_SQL["drop_table"], {"table": tables[slot]}))
