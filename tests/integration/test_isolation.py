"""One tenant's data is out of another's reach: enforced by the databases, not by our queries."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from local import postgres
from storage.names import CONTROL_DATABASE, PROVISIONER_ROLE, tenant_database
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


async def test_no_database_is_open_to_everybody(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """PUBLIC may connect to no database, the server's own included; no role of ours inherits what another may do."""
    administrator = await asyncpg.connect(running.stack.postgres_url)
    opened = await administrator.fetch(
        "SELECT datname FROM pg_database AS d WHERE datallowconn AND EXISTS ("
        "SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a "
        "WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT')"
    )
    heirs = await administrator.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE 'unmogrow%' AND rolinherit")
    mighty = await administrator.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'unmogrow%' "
        "AND (rolsuper OR rolreplication OR rolbypassrls OR rolcreatedb OR rolcreaterole)"
    )
    databases = {row["datname"] for row in await administrator.fetch("SELECT datname FROM pg_database")}
    await administrator.close()
    assert (opened, heirs, [row["rolname"] for row in mighty]) == ([], [], [PROVISIONER_ROLE])
    assert {tenant_database(tenant.tenant_id), CONTROL_DATABASE, "postgres", "template1"} <= databases


async def test_who_makes_databases_cannot_look_into_them(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """The provisioner's role is refused by tenants' databases and the control database; it is no superuser."""
    address = running.stack.backends.postgres_host, running.stack.backends.postgres_port
    password = running.stack.provisioner_password
    for database in (tenant_database(tenant.tenant_id), CONTROL_DATABASE, "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(
                host=address[0], port=address[1], user=PROVISIONER_ROLE, password=password, database=database
            )
    own = await asyncpg.connect(
        host=address[0], port=address[1], user=PROVISIONER_ROLE, password=password, database="postgres"
    )
    for statement in ("SELECT * FROM pg_authid", f'GRANT "{CONTROL_DATABASE}" TO "{PROVISIONER_ROLE}"'):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await own.execute(statement)
    await own.close()


def memory_of(process: psutil.Process) -> Iterator[bytes]:
    """Read all that a process can write to, and what was given to it when it began."""
    folder = Path(f"/proc/{process.pid}")
    yield (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
    with (folder / "mem").open("rb", 0) as memory:
        for line in (folder / "maps").read_text(encoding="utf-8").splitlines():
            span, mode, *_ = line.split()
            if mode.startswith("rw"):
                first, last = (int(text, 16) for text in span.split("-"))
                with suppress(OSError, OverflowError, ValueError):
                    memory.seek(first)
                    yield memory.read(last - first)


def holders(running: RunningStack, secret: bytes, title: str) -> tuple[int, int]:
    """Count the stack's processes of a title, and those of them in whose memory a secret stands."""
    head = psutil.Process(running.stack.supervisor.states()["ray"]["pid"])
    found = [process for process in head.children(recursive=True) if title in " ".join(process.cmdline())]
    return len(found), sum(any(secret in part for part in memory_of(process)) for process in found)


async def test_secrets_are_where_they_are_needed_and_nowhere_else(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient
) -> None:
    """The pool holds no secret at all, a replica none of an administrator; the search finds those that they need."""
    assert (await http.post("/api/v1/events/ingest", json=event("install"))).status_code == 202
    stack = running.stack
    role = stack.backends.role_password(tenant_database(tenant.tenant_id)).encode()
    root = stack.backends.secret_key
    provisioner, superuser = stack.provisioner_password.encode(), postgres.password(stack.places).encode()
    pool, replica, supervisor = "ServeReplica:attribution", "ServeReplica:tenant", "ServeReplica:overseer"
    for title, secret, found in [
        *((pool, secret, 0) for secret in (root, role, provisioner, superuser)),
        *((name, secret, 0) for name in (replica, "ServeReplica:global") for secret in (provisioner, superuser)),
        (supervisor, superuser, 0),
        (supervisor, provisioner, 1),
        (replica, root, 1),
    ]:
        processes, holding = await asyncio.to_thread(holders, running, secret, title)
        assert processes >= 1, title
        assert min(holding, 1) == found, (title, found)
