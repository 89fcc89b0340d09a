"""A tenant is made, exported and erased though whoever does it is killed after every single step."""

import asyncio
import hashlib
import multiprocessing
import signal
import uuid
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import pyarrow.parquet
import pytest
import zstandard

from jobs.export_lake import export_tenant
from schemas.ids import TenantId
from schemas.tenant_life import STEPS, TenantState
from storage.lake.lake import Lake
from storage.names import data_tables, tenant_database
from storage.postgres.connect import Databases
from storage.postgres.tenant_lives import TenantLives
from tenancy.provisioning import ProvisionedTenant
from tenancy.registration import Registration, TenantRequest
from tenancy.sealing import Sealer
from tenancy.tenant_life import LifeTools
from tests.crash.life_process import NoActors, carry_out
from tests.stack_fixtures import RunningStack, event, eventually, ndjson

pytestmark = pytest.mark.anyio


async def test_killed_after_every_step(running: RunningStack) -> None:
    """One tenant with one owner and the first answer's key, then none at all and a whole archive, in 21 deaths."""
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    tools = LifeTools(running.stack.backends, running.stack.settings, running.stack.provisioner_password, NoActors())
    tenant_id = TenantId(f"t{uuid.uuid4().hex[:8]}")
    request = TenantRequest(tenant_id, f"{tenant_id}.localhost", "Mortal", f"owner@{tenant_id}.localhost")
    # The platform's own supervisor leaves this tenant's jobs alone.
    (running.failpoints / "life_job").write_text(tenant_id, encoding="utf-8")
    registration = Registration(databases.control(), Sealer(running.stack.backends))
    job = await registration.claim(request, "first")
    assert job is not None
    deaths = run_killed(running, tools, job.job_id, TenantState.PROVISIONING)
    made = registration.answer(job)
    assert await registration.claim(request, "first") is not None
    await assert_can_log_in(running, made)
    async with databases.tenant(tenant_id).connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM users") == 1
    async with databases.control().connection() as connection:
        for table in ("api_keys", "signing_keys"):
            query = f"SELECT count(*) FROM {table} WHERE tenant_id = $1"  # noqa: S608 - two names above
            assert await connection.fetchval(query, tenant_id) == 1
    await databases.tenant(tenant_id).close()
    deleting = await TenantLives(databases.control()).delete(str(uuid.uuid4()), tenant_id)
    deaths += run_killed(running, tools, deleting.job_id, TenantState.EXPORTING, TenantState.ERASING)
    print(f"killed {deaths} times")
    assert deaths == sum(map(len, STEPS.values())) + len(STEPS)
    (running.failpoints / "life_job").unlink()
    rows = archived_rows(running.stack.settings.exports_folder / f"{tenant_id}-{deleting.job_id}")
    assert (rows["postgres/users"], rows["control/tenants"], rows["postgres/event_spool"]) == (1, 1, 0)
    await assert_gone(running, databases, tenant_id)
    await databases.close()


async def test_killed_supervisor(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> None:
    """A tenant with events is exported to the last of them and erased, though its supervisor dies half-way."""
    events = [event("install") for _ in range(50)] + [event("click") for _ in range(500)]
    assert (await http.post("/api/v1/events/ingest", content=ndjson(events))).status_code == 202
    backends, settings = running.stack.backends, running.stack.settings
    await asyncio.to_thread(export_tenant, backends, settings, TenantId(tenant.tenant_id), True)  # noqa: FBT003
    lake = Lake.open(settings.lake_address)
    assert tenant.tenant_id in lake.tenants()
    (running.failpoints / "life_export_postgres").touch()
    headers = {"Authorization": f"Bearer {running.platform_key}"}
    async with httpx.AsyncClient(base_url=running.global_url, headers=headers, timeout=30, trust_env=False) as api:
        path = f"/api/v1/tenants/{tenant.tenant_id}"
        assert (await api.delete(path)).json()["code"] == "delete-unconfirmed"
        begun = await api.delete(path, params={"confirm": tenant.tenant_id})
        assert (begun.status_code, begun.json()["state"]) == (202, "running")
        again = await api.delete(path, params={"confirm": tenant.tenant_id})
        assert again.json()["job_id"] == begun.json()["job_id"]

        async def ended() -> dict[str, Any] | None:
            job: dict[str, Any] = (await api.get(begun.headers["Location"])).json()
            return job if job["finished_at"] else None

        job = await eventually(ended, seconds=40)
        assert (await api.get(path)).status_code == 404
    assert not (running.failpoints / "life_export_postgres").exists()
    assert (job["state"], job["progress"]["done"], job["error"]) == ("done", job["progress"]["total"], None)
    assert any("run 2 began" in line["line"] for line in job["logs"])
    rows = archived_rows(running.stack.settings.exports_folder / job["archive"])
    assert (rows["clickhouse/events"], rows["postgres/conversions"]) == (550, 50)

    async def is_unknown() -> bool:
        return (await http.post("/api/v1/events/ingest", json=event())).status_code in {401, 404}

    await eventually(is_unknown, seconds=2)
    assert (lake.manifest(TenantId(tenant.tenant_id)), lake.files_of(TenantId(tenant.tenant_id))) == (None, [])
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    await assert_gone(running, databases, TenantId(tenant.tenant_id))
    await databases.close()


def run_killed(running: RunningStack, tools: LifeTools, job_id: str, *states: TenantState) -> int:
    """Run a job in one process after another, each killed at the next point, the last one not; count the deaths."""
    points = [point for state in states for point in (*(f"life_{step}" for step in STEPS[state]), f"life_left_{state}")]
    # A server that has imported everything: each process is a fork of it.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.life_process"])
    for point in [*points, None]:
        if point:
            (running.failpoints / point).touch()
        process = context.Process(target=carry_out, args=(tools, job_id))
        process.start()
        process.join()
        assert process.exitcode == (-signal.SIGKILL if point else 0), point
    return len(points)


async def assert_can_log_in(running: RunningStack, tenant: ProvisionedTenant) -> None:
    async with httpx.AsyncClient(base_url=running.tenant_url, timeout=30, trust_env=False) as client:
        login = {"email": tenant.owner_email, "password": tenant.owner_password}
        answer = await client.post("/api/v1/auth", json=login, headers={"X-Tenant-ID": tenant.tenant_id})
    assert answer.status_code == 200


def archived_rows(folder: Path) -> dict[str, int]:
    """Check every file of an archive against its manifest; give the rows of each table."""
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    rows: dict[str, int] = {}
    for each in manifest["files"]:
        path = folder / each["file"]
        content = path.read_bytes()
        assert hashlib.sha256(content).hexdigest() == each["sha256"]
        assert path.stat().st_mode & 0o077 == 0
        if path.suffix == ".parquet":
            count = pyarrow.parquet.read_table(path).num_rows
        else:
            lines = zstandard.ZstdDecompressor().decompressobj().decompress(content).splitlines()
            assert all(isinstance(orjson.loads(line), dict) for line in lines)
            count = len(lines)
        assert count == each["rows"]
        name = f"{each['store']}/{each['table']}"
        rows[name] = rows.get(name, 0) + count
    assert {path.name for path in folder.rglob("*.partial")} == set()
    return rows


async def assert_gone(running: RunningStack, databases: Databases, tenant_id: TenantId) -> None:
    """Nothing of a tenant is left: no database, role, table, key, link, actor."""
    administrator = await asyncpg.connect(running.stack.postgres_url)
    name = tenant_database(tenant_id)
    assert await administrator.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name) == 0
    assert await administrator.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", name) == 0
    await administrator.close()
    async with databases.control().connection() as connection:
        tables = await connection.fetch(
            "SELECT table_name FROM information_schema.columns "
            "WHERE column_name = 'tenant_id' AND table_schema = 'public'"
        )
        assert len(tables) >= 6
        for (table,) in tables:
            query = f"SELECT * FROM {table} WHERE tenant_id = $1"  # noqa: S608 - of the catalogue
            left = await connection.fetch(query, tenant_id)
            assert all(table == "jobs" and row["secrets_sealed"] is None for row in left), (table, left)
    async with httpx.AsyncClient(timeout=30) as client:
        names = {table.split(".")[1] for table in data_tables(tenant_id).values()}
        listed = await client.post(running.stack.clickhouse_url, content="SELECT name FROM system.tables")
    assert names & set(listed.text.split()) == set()
