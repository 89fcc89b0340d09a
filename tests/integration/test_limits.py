"""Rates, quotas and repeated requests, as a client meets them."""

import asyncio

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, event, eventually, set_limits, stored_ids

pytestmark = pytest.mark.anyio

INGEST = "/api/v1/events/ingest"


async def refused(http: httpx.AsyncClient) -> httpx.Response | None:
    answer = await http.post(INGEST, json=[event() for _ in range(10)])
    return answer if answer.status_code == 429 else None


async def test_rate(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> None:
    """429 with Retry-After past two seconds' worth of events; after that wait the tenant is let in again."""
    await set_limits(running, tenant.tenant_id, events_per_second=10)
    answer = await eventually(lambda: refused(http))
    assert answer.json()["code"] == "rate-exceeded"
    wait_seconds = int(answer.headers["Retry-After"])
    assert 1 <= wait_seconds <= 3
    await asyncio.sleep(wait_seconds)
    assert (await http.post(INGEST, json=event())).status_code == 202


async def test_daily_quota(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> None:
    """Not many more than 30 events of a tenant that may send 30; a raised quota lets it go on."""
    await set_limits(running, tenant.tenant_id, events_per_day=30)
    answer = await eventually(lambda: refused(http))
    assert answer.json()["code"] == "quota-exceeded"
    assert 1 <= int(answer.headers["Retry-After"]) <= 86_400
    await set_limits(running, tenant.tenant_id, events_per_day=100_000)

    async def let_in() -> bool:
        return (await http.post(INGEST, json=event(), params={"wait": "stored"})).status_code == 202

    await eventually(let_in)


async def test_a_limited_tenant_of_the_platform(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient
) -> None:
    """A tenant over its rate is refused on the global plane, too, with the time to wait."""
    await set_limits(running, tenant.tenant_id, events_per_second=1)
    await eventually(lambda: refused(http))
    headers = {"Authorization": f"Bearer {running.platform_key}"}

    async def refused_there() -> httpx.Response | None:
        body = {"tenant_id": tenant.tenant_id, "events": [event() for _ in range(10)]}
        answer = await platform.post("/api/v1/ingest", json=body)
        return answer if answer.status_code == 429 else None

    async with httpx.AsyncClient(base_url=running.global_url, headers=headers, trust_env=False) as platform:
        answer = await eventually(refused_there)
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["tenants"][tenant.tenant_id]["code"] == "rate-exceeded"


async def test_idempotency_key(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> None:
    """The same answer, though all is known by now; 422 for another body, and other keys are not concerned."""
    headers = {"Idempotency-Key": "import-2026-11-23/1"}
    body = [event(), event("instal")]
    first = await http.post(INGEST, json=body, headers=headers)
    again = await http.post(INGEST, json=body, headers=headers)
    assert (again.status_code, again.json()) == (202, first.json())
    assert (first.json()["accepted"], again.headers["Idempotent-Replayed"]) == (1, "true")
    assert "Idempotent-Replayed" not in first.headers
    other = await http.post(INGEST, json=[event()], headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert (await http.post(INGEST, json=body, headers={"Idempotency-Key": "2"})).json()["duplicates"] == 1
    assert (await http.post(INGEST, json=body, headers={"Idempotency-Key": "two words"})).status_code == 400
    await http.post(INGEST, json=event(), params={"wait": "stored"})
    assert len(await stored_ids(running, tenant)) == 2
