"""One tenant floods; another one must hardly notice."""

import asyncio
import secrets
import statistics
import time
from dataclasses import dataclass

import httpx
import pytest

from bench.ingest import ingest_head, now_text
from bench.load import Bodies, LoadResult, run_load
from tenancy.provisioning import ProvisionedTenant
from tests.crash.load import send_patiently
from tests.stack_fixtures import RunningStack, event, eventually, ndjson, new_tenant, set_limits, stored_ids
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio

INGEST = "/api/v1/events/ingest"
IDLE_SECONDS = 1.5
FLOOD_SECONDS = 4.0
FLOOD_BODY_EVENTS = 20
CONNECTIONS = 32
SHARE = 1_000.0
"""Events a second that the loud tenant may send; it tries many times as many."""
MEDIAN_EXTRA_MS_MAX, P95_EXTRA_MS_MAX = 150, 1_500
"""How much longer than three times its idle time a quiet tenant may wait.

Two cores run the flood, its sender and the whole stack, and the 95th percentile is that of a few dozen requests.
"""


@dataclass(frozen=True)
class Waits:
    """How long a tenant waited for its acknowledgements, in milliseconds."""

    median: float
    p95: float

    @classmethod
    def of(cls, latencies_ms: list[float]) -> "Waits":
        """Sum up at least two of them."""
        return cls(statistics.median(latencies_ms), statistics.quantiles(latencies_ms, n=20)[18])

    def __str__(self) -> str:
        return f"median {self.median:.0f} ms, p95 {self.p95:.0f} ms"


async def send_for(http: httpx.AsyncClient, seconds: float) -> tuple[Waits, dict[str, str]]:
    """Send clicks and the installs they led to, one event after another, each acknowledged at once.

    Gives how long each waited, and the click of each install.
    """
    latencies = []
    clicks = {}
    ends_at = time.perf_counter() + seconds
    while time.perf_counter() < ends_at:
        click = event(device_id=secrets.token_hex(8))
        install = event("install", device_id=click["device_id"])
        clicks[install["event_id"]] = click["event_id"]
        for each in (click, install):
            started = time.perf_counter()
            answer = await http.post(INGEST, json=each)
            latencies.append((time.perf_counter() - started) * 1_000)
            assert answer.status_code == 202, answer.text
    return Waits.of(latencies), clicks


async def test_a_flood_next_door(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """Every request of the quiet tenant acknowledged, in little more than its idle time, and attributed soon after."""
    loud = await new_tenant(running)
    ports = running.stack.settings.ports
    await set_limits(running, loud.tenant_id, events_per_second=SHARE)
    async with httpx.AsyncClient(base_url=running.tenant_url, timeout=30, trust_env=False) as other:
        other.headers.update({"X-Tenant-ID": loud.tenant_id, "X-Write-Key": loud.write_key})
        await asyncio.gather(*(send_patiently(each, ndjson([event()])) for each in (http, other)))
    idle, before = await send_for(http, IDLE_SECONDS)
    flood = LoadResult(FLOOD_BODY_EVENTS)
    flooding = asyncio.create_task(
        asyncio.to_thread(
            asyncio.run,
            run_load(
                (ports.host, ports.tenant),
                ingest_head(loud),
                Bodies(secrets.token_hex(4), now_text()),
                flood,
                connections=CONNECTIONS,
                seconds=FLOOD_SECONDS,
            ),
        )
    )
    await asyncio.sleep(0.5)
    flooded, beside = await send_for(http, FLOOD_SECONDS - 1)
    assert not flooding.done()
    await flooding
    print(f"quiet tenant: alone {idle}; beside the flood {flooded}, of {2 * len(beside)} requests")
    print(f"flood: {flood.events_per_second:,.0f} events/s acknowledged, {flood.refused} requests refused")
    assert flooded.median < 3 * idle.median + MEDIAN_EXTRA_MS_MAX
    assert flooded.p95 < 3 * idle.p95 + P95_EXTRA_MS_MAX
    assert flood.refused * FLOOD_BODY_EVENTS > flood.acknowledged_events
    assert flood.acknowledged_events < SHARE * (FLOOD_SECONDS + 2) + CONNECTIONS * FLOOD_BODY_EVENTS
    await attributed(running, tenant, api, before | beside)


async def attributed(
    running: RunningStack,
    tenant: ProvisionedTenant,
    api: TenantApi,
    expected: dict[str, str],
) -> None:
    """Wait until each install has been won by its own device's click, and all of both are stored once."""

    async def winners() -> bool:
        listed = (await api.get("/api/v1/attributions", limit=1_000))["data"]
        return {item["conversion_id"]: item["attributed_touch_id"] for item in listed} == expected

    await eventually(winners)
    stored = await stored_ids(running, tenant)
    assert len(stored) == len(set(stored)) == 1 + 2 * len(expected)
