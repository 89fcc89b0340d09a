"""One tenant's data is out of another's reach: enforced by the databases, not by our queries."""

import asyncpg
import httpx
import pytest

from storage.names import CONTROL_DATABASE, tenant_database
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, api_of, event, eventually, new_tenant

pytestmark = pytest.mark.anyio


async def connect(running: RunningStack, role: str, database: str) -> asyncpg.Connection:
    backends = running.stack.backends
    return await asyncpg.connect(
        host=backends.postgres_host,
        port=backends.postgres_port,
        user=role,
        password=backends.role_password(role),
        database=database,
    )


async def test_role_connects_to_its_own_database_alone(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """A tenant's role is refused by every other database, the control database and the default ones included."""
    other = await new_tenant(running)
    role = tenant_database(tenant.tenant_id)
    own = await connect(running, role, role)
    assert (
        await own.fetchval("SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = $1", role)
        is False
    )
    await own.close()
    for database in (tenant_database(other.tenant_id), CONTROL_DATABASE, "postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connect(running, role, database)


async def test_password_is_needed(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """No role connects without its own password."""
    role = tenant_database(tenant.tenant_id)
    backends = running.stack.backends
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host=backends.postgres_host, port=backends.postgres_port, user=role, password="", database=role
        )


async def test_conversions_stay_apart(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient
) -> None:
    """The same device clicks at one tenant and installs at another: the install is organic, and each sees its own."""
    other = await new_tenant(running)
    click = event("click", device_id="shared-device", media_source="theirs")
    install = event("install", device_id="shared-device")
    await http.post("/api/v1/events/ingest", json=click, params={"wait": "stored"})
    async with api_of(running, other) as their_api, api_of(running, tenant) as our_api:
        await http.post(
            "/api/v1/events/ingest",
            json=install,
            headers={"X-Tenant-ID": other.tenant_id, "X-Write-Key": other.write_key},
        )

        async def listed() -> list[dict[str, object]]:
            found: list[dict[str, object]] = (await their_api.get("/api/v1/attributions"))["data"]
            return found

        results = await eventually(listed)
        assert [result["is_organic"] for result in results] == [True]
        assert (await our_api.get("/api/v1/attributions"))["data"] == []
        assert [each["event_id"] for each in (await our_api.get("/api/v1/events"))["data"]] == [click["event_id"]]
