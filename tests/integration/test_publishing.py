"""Results go on to the table that reports read: each once, the newest revision, whatever is killed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import asyncpg
import httpx
import pytest

from actors.store_turns import HostTurns
from storage.clickhouse.connect import ClickHouse
from storage.names import clickhouse_tables, tenant_database
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.crash.incarnations import batch, incarnation
from tests.stack_fixtures import RunningStack, event, eventually, new_tenant

pytestmark = pytest.mark.anyio

PATH = "/api/v1/events/ingest"
_PUBLISHED = """
SELECT revision, media_source, campaign, touch_ids, person_key, fraud_verdict FROM {attributed} FINAL
WHERE conversion_id = {id:String}
"""
_REVISE = """
WITH revised AS (
    UPDATE conversions SET revision = revision + 1 WHERE conversion_id = $1 RETURNING conversion_id, revision
)
INSERT INTO attributions (
    conversion_id, revision, is_organic, media_source, campaign, policy_version, model_version, result
)
SELECT a.conversion_id, r.revision, true, 'organic', '', 1, 'test',
    jsonb_set(a.result, '{media_source}', '"organic"')
FROM attributions AS a INNER JOIN revised AS r ON r.conversion_id = a.conversion_id AND a.revision = r.revision - 1
"""

_IS_WAITED_FOR = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = $1::regclass AND NOT granted)"
_NEWEST = "SELECT revision, media_source FROM attributions WHERE conversion_id = $1 ORDER BY revision DESC LIMIT 1"


@pytest.fixture(scope="module")
async def tenant(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant for all tests here: what takes long is the first call of its actor."""
    return await new_tenant(running)


async def published(running: RunningStack, tenant: ProvisionedTenant, conversion_id: str) -> list[tuple[Any, ...]]:
    """Read the published rows of a conversion, the newest revision of each."""
    store = ClickHouse(running.stack.backends, running.stack.settings.clickhouse)
    table = clickhouse_tables(tenant.tenant_id)["attributed"]
    try:
        async with store.client() as client:
            answer = await client.query(
                _PUBLISHED.replace("{attributed}", table),
                parameters={"id": conversion_id},
            )
            return [tuple(row) for row in answer.result_rows]
    finally:
        await store.close()


@pytest.fixture
async def connection(running: RunningStack, tenant: ProvisionedTenant) -> AsyncIterator[asyncpg.Connection]:
    """Connect to the tenant's database, as its actor does."""
    backends, role = running.stack.backends, tenant_database(tenant.tenant_id)
    connected = await asyncpg.connect(
        host=backends.postgres_host,
        port=backends.postgres_port,
        user=role,
        password=backends.role_password(role),
        database=role,
    )
    yield connected
    await connected.close()


async def test_a_result_is_published_and_superseded(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    """A row a conversion with its journey; a revision, whoever recorded it, takes its place; the queue is empty."""
    earlier = (utc_now() - timedelta(hours=1)).isoformat()
    click = event("click", event_time=earlier, device_id="p-1", media_source="meta_ads", campaign="spring")
    install = event("install", device_id="p-1")
    await http.post(PATH, json=[click, install])
    (row,) = await eventually(lambda: published(running, tenant, install["event_id"]))
    assert row[:4] == (1, "meta_ads", "spring", [click["event_id"]])
    assert row[5] == "valid"
    await connection.execute(_REVISE, install["event_id"])
    # The next result wakes the publisher; it takes all that waits.
    await http.post(PATH, json=event("install"))

    async def newest_is_there() -> bool:
        """Say whether the table has the newest revision: the one above, or one that attribution made of it since."""
        newest = await connection.fetchrow(_NEWEST, install["event_id"])
        return [row[:2] for row in await published(running, tenant, install["event_id"])] == [tuple(newest)]

    assert await eventually(newest_is_there)
    assert (await connection.fetchrow(_NEWEST, install["event_id"]))["revision"] >= 2

    async def is_empty() -> bool:
        return not (await connection.fetchval("SELECT count(*) FROM unpublished_results"))

    assert await eventually(is_empty)


async def test_nothing_is_lost_or_doubled_by_a_kill(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    """Killed after the insert and before the queue knows, the next incarnation publishes again: still one row each."""
    armed = running.failpoints / "actor_after_publish"
    armed.touch()
    installs = [event("install") for _ in range(20)]
    await http.post(PATH, json=installs)
    async with asyncio.timeout(20):
        while armed.exists():
            await asyncio.sleep(0.01)

    async def is_empty() -> bool:
        return not (await connection.fetchval("SELECT count(*) FROM unpublished_results"))

    assert await eventually(is_empty)
    for install in installs:
        assert len(await published(running, tenant, install["event_id"])) == 1


async def test_results_do_not_wait_for_roll_ups(running: RunningStack) -> None:
    """A result is published while another tenant of the host still has its turn at rolling up."""
    tenant, turns = await new_tenant(running), HostTurns.of(running.stack.settings.actor)
    async with asyncio.timeout(20), turns.reports.turn(), incarnation(running, tenant, turns=turns) as held:
        await held.pipeline.append(batch(tenant, "quick"))
        assert len(await eventually(lambda: published(running, tenant, "quick"))) == 1


async def test_commits_do_not_wait_for_results(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    """Events are taken while storing and attribution both wait for a lock, and what they do is done afterwards."""
    async with connection.transaction():
        # The attributor comes to write its result, and the storer to seal the next batch: each holds a connection.
        for table in ("attributions", "store_batches"):
            await connection.execute(f"LOCK TABLE {table}")
            (await http.post(PATH, json=event("install"))).raise_for_status()
            assert await eventually(partial(connection.fetchval, _IS_WAITED_FOR, table))
        later = event("install")
        async with asyncio.timeout(2):
            (await http.post(PATH, json=later)).raise_for_status()
    assert len(await eventually(lambda: published(running, tenant, later["event_id"]))) == 1
