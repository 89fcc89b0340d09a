"""A database away for a while, under load."""

import asyncio
import time

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.crash.checks import assert_attributed, assert_balanced, assert_exactly_once, assert_well
from tests.crash.load import actors_of, titled, under_load
from tests.stack_fixtures import RunningStack, event
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio

AWAY_SECONDS = 5.0


async def test_clickhouse_away(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """202 for every request while ClickHouse is away, and all of it stored once when it is back."""
    async with under_load(running, tenant) as load:
        await load.reach(60)
        await asyncio.to_thread(running.stack.supervisor.stop_program, "clickhouse")
        before = len(load.acknowledged)
        try:
            await asyncio.sleep(AWAY_SECONDS)
            assert len(load.acknowledged) > before
        finally:
            await asyncio.to_thread(running.stack.supervisor.start_program, "clickhouse")
        await load.reach(60)
    assert load.refused == 0
    await assert_exactly_once(running, tenant, load)
    await assert_attributed(api, load)
    await assert_balanced(api, load)
    answer = await http.post("/api/v1/events/ingest", json=event(), params={"wait": "stored"})
    assert (answer.status_code, answer.headers["X-Durability"]) == (202, "stored")


async def test_postgres_away(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """503 with Retry-After within seconds and no 2xx while Postgres is away, then 202 from the same processes."""
    async with under_load(running, tenant) as load:
        await load.reach(60)
        before = await processes(running, tenant)
        await asyncio.to_thread(running.stack.supervisor.stop_program, "postgres")
        try:
            await refusal(http)
            # What was on its way before Postgres ended has been answered by now.
            acknowledged = len(load.acknowledged)
            for _ in range(5):
                await refusal(http)
            assert len(load.acknowledged) == acknowledged
        finally:
            await asyncio.to_thread(running.stack.supervisor.start_program, "postgres")
        await load.reach(100)
    assert load.refused > 0
    await assert_exactly_once(running, tenant, load)
    await assert_attributed(api, load)
    await assert_balanced(api, load)
    await assert_well(http)
    assert await processes(running, tenant) == before


async def refusal(http: httpx.AsyncClient) -> None:
    """Send an event, and be refused as one is while Postgres is away."""
    started = time.monotonic()
    answer = await http.post("/api/v1/events/ingest", json=event())
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert int(answer.headers["Retry-After"]) >= 1
    assert time.monotonic() - started < 10


async def processes(running: RunningStack, tenant: ProvisionedTenant) -> set[int]:
    """Know the processes that take the tenant's requests, replicas and actor, by their ids."""
    replicas = titled(running, "ray::ServeReplica:tenant")
    return {process.pid for process in [*replicas, *await actors_of(running, tenant)]}
