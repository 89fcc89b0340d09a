"""Tracking links while everything else is away: people are sent on, and their clicks are there afterwards."""

import asyncio
import time
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from cli.tenant_api import TenantApi
from tenancy.provisioning import ProvisionedTenant
from tests.crash.load import titled
from tests.stack_fixtures import RunningStack, eventually, stored_ids

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

REPLICA = "ray::ServeReplica:tenant"


async def click(http: httpx.AsyncClient) -> str:
    """Follow the link; give the click id."""
    answer = await http.get("/c/spring")
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
    await api.post("/api/v1/links", {"link_id": "spring", "media_source": "x", "web_url": "https://a.example"})
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
    await api.post("/api/v1/links", {"link_id": "spring", "media_source": "x", "web_url": "https://a.example"})
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
