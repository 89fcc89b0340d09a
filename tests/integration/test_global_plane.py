"""The global plane: events of many tenants in one request."""

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, event, ndjson, new_tenant, stored_ids

pytestmark = pytest.mark.anyio


async def test_routes_each_event_to_its_tenant(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """NDJSON of two tenants: each event in its own tenant's table alone, and an answer for each tenant."""
    other = await new_tenant(running)
    ours, theirs = event(), event()
    rows = [ours | {"tenant_id": tenant.tenant_id}, theirs | {"tenant_id": other.tenant_id}]
    async with httpx.AsyncClient(base_url=running.global_url, trust_env=False, timeout=30) as client:
        client.headers["Authorization"] = f"Bearer {running.platform_key}"
        answer = await client.post("/api/v1/ingest", content=ndjson(rows), params={"wait": "stored"})
        assert answer.status_code == 202
        assert {name: each["accepted"] for name, each in answer.json()["tenants"].items()} == {
            tenant.tenant_id: 1,
            other.tenant_id: 1,
        }
        envelope = {"tenant_id": tenant.tenant_id, "events": [event(), {"bad": 1}]}
        partly = (await client.post("/api/v1/ingest", json=envelope)).json()["tenants"][tenant.tenant_id]
        assert (partly["accepted"], len(partly["rejected"])) == (1, 1)
    assert await stored_ids(running, other) == [theirs["event_id"]]


async def test_says_what_it_cannot_take(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """401 for a tenant's key, 422 for an event without a tenant, and a tenant that is unknown fails alone."""
    async with httpx.AsyncClient(base_url=running.global_url, trust_env=False, timeout=30) as client:
        ours = event(tenant_id=tenant.tenant_id)
        foreign = await client.post("/api/v1/ingest", json=ours, headers={"X-Write-Key": tenant.write_key})
        assert (foreign.status_code, foreign.json()["code"]) == (401, "key-invalid")
        client.headers["X-Write-Key"] = running.platform_key
        nameless = await client.post("/api/v1/ingest", json=event())
        assert (nameless.status_code, nameless.json()["errors"][0]["pointer"]) == (422, "/tenant_id")
        mixed = await client.post("/api/v1/ingest", content=ndjson([ours, event(tenant_id="nosuch")]))
        assert mixed.status_code == 202
        assert mixed.json()["tenants"]["nosuch"]["code"] == "tenant-unknown"
        none = await client.post("/api/v1/ingest", json=event(tenant_id="nosuch"))
        assert (none.status_code, none.json()["code"]) == (404, "tenant-unknown")
