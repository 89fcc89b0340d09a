"""Making tenants on the real databases."""

import httpx
import pytest

from schemas.problems import HostTaken, TenantExists, TenantIdInvalid
from storage.names import clickhouse_tables
from storage.postgres.connect import Databases
from storage.postgres.tenant_admin import TenantAdmin, TenantChange
from storage.spool.layout import Layout
from tenancy.provisioning import ProvisionedTenant, TenantRequest
from tests.stack_fixtures import RunningStack, event

pytestmark = pytest.mark.anyio


async def test_can_be_repeated(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> None:
    """Making a tenant again changes nothing but adds a write key that works, and does not tell the password again."""
    request = TenantRequest(tenant.tenant_id, tenant.host, tenant.name, tenant.owner_email)
    async with running.stack.provisioner() as provisioner:
        again = await provisioner.create_tenant(request)
    assert (again.tenant_id, again.host, again.owner_password) == (tenant.tenant_id, tenant.host, None)
    for key in (tenant.write_key, again.write_key):
        answer = await http.post("/api/v1/events/ingest", json=event(), headers={"X-Write-Key": key})
        assert answer.status_code == 202


async def test_first_event_at_once(running: RunningStack) -> None:
    """A first event is taken as soon as the tenant is made: no replica has to be told."""
    async with running.stack.provisioner() as provisioner:
        made = await provisioner.create_tenant(TenantRequest("tnew1", "new1.localhost", "New", "o@new1.localhost"))
    async with httpx.AsyncClient(base_url=running.tenant_url, trust_env=False, timeout=30) as client:
        answer = await client.post(
            "/api/v1/events/ingest",
            json=event(),
            headers={"Host": "new1.localhost", "Authorization": f"Bearer {made.write_key}"},
        )
    assert answer.status_code == 202


async def test_every_tenant_is_brought_up_to_date(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """A migration that a tenant's database lacks has run, and a change of its shards that was broken off is done.

    A table that the event store lost is made anew, though everything was brought up before.
    """
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    database = databases.tenant(tenant.tenant_id)
    async with database.connection() as connection:
        await connection.execute("DROP TABLE imports; DELETE FROM schema_migrations WHERE name = 'imports'")
    await TenantAdmin(databases.control()).change(tenant.tenant_id, TenantChange(shards=3))
    assert await Layout(database).shards() == 1
    async with running.stack.provisioner() as provisioner:
        await provisioner.renew_tenants()
        async with httpx.AsyncClient(timeout=30, trust_env=False) as store:
            lost = clickhouse_tables(tenant.tenant_id)["cost_weeks"]
            (await store.post(running.stack.clickhouse_url, content=f"DROP TABLE {lost} SYNC")).raise_for_status()
            await provisioner.renew_tenants()
            is_there = (await store.post(running.stack.clickhouse_url, content=f"EXISTS {lost}")).text
    assert is_there.strip() == "1"
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM imports") == 0
    assert await Layout(database).shards() == 3
    await databases.close()


async def test_refuses_contradictions(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """TenantIdInvalid, TenantExists, HostTaken: each for what it says, and nothing is made."""
    async with running.stack.provisioner() as provisioner:
        for tenant_id in ("T1", "t", "t-1", "1t", "t" * 32, 't";DROP'):
            with pytest.raises(TenantIdInvalid):
                await provisioner.create_tenant(TenantRequest(tenant_id, "h.localhost", "n", "e"))
        with pytest.raises(TenantExists):
            await provisioner.create_tenant(TenantRequest(tenant.tenant_id, "else.localhost", "n", "e"))
        with pytest.raises(HostTaken):
            await provisioner.create_tenant(TenantRequest("tother1", tenant.host, "n", "e"))
    assert "tother1" not in {record.tenant_id for record in await running.stack.tenants()}
