"""A tenant's tables in ClickHouse: two ways to make them come to the same, and the engine bears a thousand tenants."""

from collections.abc import AsyncIterator, Iterator

import psutil
import pytest

from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.settings import ClickHouseSettings
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.schema import ensure_tables, migrate_tables
from storage.names import CLICKHOUSE_DATABASE, clickhouse_tables
from tests.integration.clickhouse_fixtures import Server, running

pytestmark = pytest.mark.anyio

_MEMORY_BYTES = 400 * 1024**2
_FEEDS_AND_KEYS = ("touch_keys_feed", "install_keys_feed", "install_keys", "attributed")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start an engine for this module alone, with little memory."""
    with running(tmp_path_factory.mktemp("tables"), memory_bytes=_MEMORY_BYTES) as started:
        started.ask(f"CREATE DATABASE {CLICKHOUSE_DATABASE}")
        yield started


@pytest.fixture
async def store(server: Server) -> AsyncIterator[ClickHouse]:
    """Give the platform's own client of it."""
    opened = ClickHouse(Backends("", 0, "", server.url, b""), ClickHouseSettings())
    yield opened
    await opened.close()


def described(server: Server, tenant_id: TenantId) -> dict[str, str]:
    """Read what the engine says of each of a tenant's tables, with slots in the place of names."""
    found = {}
    for slot, name in clickhouse_tables(tenant_id).items():
        said = server.ask(
            "SELECT engine_full, create_table_query, as_select, partition_key, sorting_key, primary_key,"
            " (SELECT groupArray((name, type_full, expr, granularity)) FROM system.data_skipping_indices"
            "  WHERE (database, table) = ({database:String}, {table:String})),"
            " (SELECT groupArray((position, name, type, default_kind, default_expression, compression_codec))"
            "  FROM (SELECT * FROM system.columns WHERE (database, table) = ({database:String}, {table:String})"
            "  ORDER BY position))"
            " FROM system.tables WHERE (database, name) = ({database:String}, {table:String}) FORMAT Vertical",
            param_database=name.split(".")[0],
            param_table=name.split(".")[1],
        )
        assert said, name
        for other, named in clickhouse_tables(tenant_id).items():
            said = said.replace(named, "{" + other + "}")
        found[slot] = said
    return found


async def test_the_baseline_is_what_the_migrations_come_to(server: Server, store: ClickHouse) -> None:
    """A tenant made from the baseline has the tables of one made by all migrations; else run `make baseline`."""
    migrated, made = TenantId("migrated"), TenantId("made")
    await migrate_tables(store, migrated)
    await ensure_tables(store, made)
    expected = described(server, migrated)
    assert described(server, made) == expected
    # Nor do the migrations change what the baseline has made.
    await ensure_tables(store, made)
    assert described(server, made) == expected


async def test_a_broken_off_making_is_finished(server: Server, store: ClickHouse) -> None:
    """Whoever died between two tables leaves some: the next run makes the others, and all are as they should be."""
    whole, broken = TenantId("whole"), TenantId("broken")
    await ensure_tables(store, whole)
    await ensure_tables(store, broken)
    for slot in _FEEDS_AND_KEYS:
        server.ask(f"DROP TABLE {clickhouse_tables(broken)[slot]} SYNC")
    await ensure_tables(store, broken)
    assert described(server, broken) == described(server, whole)


async def test_registered_tenants_leave_room_for_queries(server: Server, store: ClickHouse) -> None:
    """More is counted for tables than queries may take, and hardly any of it is memory: queries have their room."""
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    window = "ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 10000"
    for number in range(500):
        server.ask(f"CREATE TABLE window_{number} (id UInt8) {window}")
    counted = int(server.ask("SELECT value FROM system.metrics WHERE metric = 'MemoryTracking'"))
    assert counted > _MEMORY_BYTES
    assert process.memory_info().rss - before < 100 * 1024**2
    await ensure_tables(store, TenantId("onemore"))
    assert server.ask("SELECT length(groupArray(number)) FROM numbers(10000000)") == "10000000"
    # What queries take together is bounded all the same.
    response = server.post("SELECT length(groupArray(number)) FROM numbers(500000000)")
    assert response.headers["x-clickhouse-exception-code"] == "241"
