"""Tracking links while everything else is away: people are sent on, and their clicks are there afterwards."""

import asyncio
import time
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest

from schemas.ids import parse_tenant_id
from storage.names import tenant_database
from tenancy.provisioning import ProvisionedTenant
from tests.crash.load import titled
from tests.stack_fixtures import RunningStack, api_of, eventually, new_tenant, stored_ids
from tests.tenant_api import TenantApi

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

LINK = {"link_id": "spring", "media_source": "x", "web_url": "https://a.example"}
REPLICA = "ray::ServeReplica:tenant"


async def click(http: httpx.AsyncClient, tenant_id: str | None = None) -> str:
    """Follow a tenant's link; give the click id."""
    answer = await http.get("/c/spring", headers={"X-Tenant-ID": tenant_id} if tenant_id else {})
    assert answer.status_code == 302, answer.text
    (click_id,) = parse_qs(urlsplit(answer.headers["Location"]).query)["click_id"]
    return click_id


async def stop_databases(running: RunningStack) -> None:
    for program in ("postgres", "clickhouse"):
        await asyncio.to_thread(running.stack.supervisor.stop_program, program)


async def start_databases(running: RunningStack) -> None:
    for program in ("postgres", "clickhouse"):
        await asyncio.to_thread(running.stack.supervisor.start_program, program)


async def assert_stored_once(running: RunningStack, tenant: ProvisionedTenant, clicks: list[str]) -> None:
    async def all_there() -> bool:
        try:
            return set(clicks) <= set(await stored_ids(running, tenant))
        except httpx.HTTPError:
            return False

    try:
        await eventually(all_there, seconds=60)
    finally:
        rows = Counter(await stored_ids(running, tenant))
        print(f"redirected {len(clicks)}, stored {rows.total()}, missing {sum(each not in rows for each in clicks)}")
    assert rows == Counter(clicks)


async def test_databases_away(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """302 in no time with both databases stopped, also after the replica was killed; each click stored once."""
    await api.post("/api/v1/links", LINK)
    clicks = [await click(http)]
    await stop_databases(running)
    try:
        started = time.monotonic()
        clicks += [await click(http) for _ in range(20)]
        seconds = time.monotonic() - started
        (replica,) = titled(running, REPLICA)
        replica.kill()

        async def answers() -> bool:
            (now,) = titled(running, REPLICA) or [replica]
            try:
                return now.pid != replica.pid and (await http.get("/livez")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(answers, seconds=60)
        # It never saw the control database: it knows the link from the copy on this machine's disk.
        clicks += [await click(http) for _ in range(20)]
    finally:
        await start_databases(running)
    print(f"20 redirects without databases: {seconds:.2f} s")
    assert seconds < 5
    await assert_stored_once(running, tenant, clicks)


async def test_replica_killed_between(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """Every redirect's click is stored once though the replica dies, again and again, before it handed them over."""
    await api.post("/api/v1/links", LINK)
    clicks: list[str] = []
    for _ in range(3):
        async with asyncio.timeout(60):
            while len(clicks) % 50 or not clicks:
                try:
                    clicks.append(await click(http))
                except (httpx.TransportError, AssertionError):
                    await asyncio.sleep(0.1)
        (replica,) = titled(running, REPLICA)
        replica.kill()
        await asyncio.to_thread(replica.wait)
        clicks.append(await _patient_click(http))
    await assert_stored_once(running, tenant, clicks)


async def _patient_click(http: httpx.AsyncClient) -> str:
    async def clicked() -> str | None:
        try:
            return await click(http)
        except (httpx.TransportError, AssertionError):
            return None

    click_id: str = await eventually(clicked, seconds=60)
    return click_id


async def test_killed_before_it_forgot(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """Clicks that were handed over by a replica that died before it noted so are handed over again, and count once."""
    await api.post("/api/v1/links", LINK)
    clicks = [await _patient_click(http)]
    await assert_stored_once(running, tenant, clicks)
    point = running.failpoints / "recorder_before_discard"
    point.touch()
    clicks.append(await click(http))

    async def reached() -> bool:
        return not point.exists()

    await eventually(reached)
    clicks.append(await _patient_click(http))
    await assert_stored_once(running, tenant, clicks)


async def test_one_tenant_away(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """A tenant whose database takes nothing does not hold up the clicks of another, and gets its own later."""
    other = await new_tenant(running)
    async with api_of(running, other) as others:
        await others.post("/api/v1/links", LINK)
    await api.post("/api/v1/links", LINK)
    clicks: dict[str, list[str]] = {tenant.tenant_id: [], other.tenant_id: []}

    async def click_both() -> None:
        for tenant_id, own in clicks.items():
            own.append(await click(http, tenant_id))

    await click_both()
    await assert_stored_once(running, other, clicks[other.tenant_id])
    role = tenant_database(parse_tenant_id(other.tenant_id))
    administrator = await asyncpg.connect(running.stack.postgres_url)
    try:
        await administrator.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT 0')
        await administrator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", role)
        for _ in range(20):
            await click_both()
        await assert_stored_once(running, tenant, clicks[tenant.tenant_id])
        assert len(await stored_ids(running, other)) == 1
    finally:
        await administrator.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT -1')
        await administrator.close()
    await assert_stored_once(running, other, clicks[other.tenant_id])
