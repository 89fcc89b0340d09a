"""The export to the lake: what changed of a tenant's days, exactly as ClickHouse has it, whatever dies meanwhile."""

import asyncio
import hashlib
import multiprocessing
import secrets
import signal
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import orjson
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest

from jobs.export_lake import TenantLeavesError, export_tenant
from schemas.identity import IdentityKey, IdentityKind
from schemas.ids import TenantId
from schemas.learning_settings import LakeSettings
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.person_aliases import PersonAliases
from storage.identity_hashes import identity_hash
from storage.lake.artifacts import Artifacts
from storage.lake.lake import Lake
from storage.lake.manifest import Dataset, Manifest
from storage.postgres.connect import CONNECTION_LOST, Databases
from storage.postgres.lake_turn import lake_turn
from storage.postgres.learned_models import LearnedModels
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tenancy.tenant_files import erase_lake
from tests.learned_models import document_of
from tests.stack_fixtures import RunningStack, event, eventually, ndjson, new_tenant

pytestmark = pytest.mark.anyio

TODAY = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
DAYS = [TODAY - timedelta(days=back) for back in (40, 2, 1)]


class Exporter:
    """Exports a tenant of the running stack to one lake, and compares."""

    def __init__(
        self, running: RunningStack, tenant: ProvisionedTenant, url: str, keep_seconds: float = 3_600.0
    ) -> None:
        self.running = running
        self.tenant = tenant
        self.tenant_id = TenantId(tenant.tenant_id)
        self.url = url
        self.lake = Lake.open(url)
        self.settings = running.stack.settings.model_copy(
            update={"lake_url": url, "lake": LakeSettings(keep_replaced_seconds=keep_seconds)}
        )

    async def export(self, *, contributes: bool = True) -> Manifest:
        """Run the task."""
        return await asyncio.to_thread(
            export_tenant, self.running.stack.backends, self.settings, self.tenant_id, contributes
        )

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        """Ask ClickHouse for rows."""
        return [orjson.loads(line) for line in (await self.tell(f"{sql} FORMAT JSONEachRow")).splitlines()]

    async def tell(self, sql: str) -> bytes:
        """Send ClickHouse a statement."""
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            answer = await client.post(self.running.stack.clickhouse_url, content=sql)
            answer.raise_for_status()
            return answer.content

    def table(self, manifest: Manifest, dataset: Dataset) -> Any:
        """Read the files that a manifest names."""
        paths = [self.lake.path(path) for path in manifest.paths(dataset)]
        return ds.dataset(paths, filesystem=self.lake.filesystem, format="parquet").to_table()

    async def assert_equals_the_store(self, manifest: Manifest) -> None:
        """Compare every file with what the manifest says of it, and the rows of all with those of ClickHouse."""
        assert self.lake.manifest(self.tenant_id) == manifest
        for file in manifest.files:
            content = self.lake.read(file.path)
            assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size_bytes, file.sha256)
        assert set(self.lake.files_of(self.tenant_id)) == {
            file.path for files in (manifest.files, manifest.replaced) for file in files
        }
        columns = (
            "event_id, toUnixTimestamp64Milli(event_time) AS time, toUnixTimestamp64Milli(received_at) AS received"
        )
        events = await self.ask(f"SELECT {columns} FROM unmogrow.events_{self.tenant_id} FINAL ORDER BY event_id")  # noqa: S608 - our own id
        table = self.table(manifest, Dataset.EVENTS).sort_by("event_id")
        assert [
            {
                "event_id": row["event_id"],
                "time": milliseconds(row["event_time"]),
                "received": milliseconds(row["received_at"]),
            }
            for row in table.select(["event_id", "event_time", "received_at"]).to_pylist()
        ] == [{**row, "time": int(row["time"]), "received": int(row["received"])} for row in events]
        assert len(events) == sum(file.rows for file in manifest.files if file.dataset == Dataset.EVENTS)
        (sums,) = await self.ask(
            f"SELECT count() AS rows, sum(revision) AS revisions, toString(sum(revenue)) AS revenue"  # noqa: S608 - our own id
            f" FROM unmogrow.attributed_{self.tenant_id} FINAL"
        )
        table = self.table(manifest, Dataset.ATTRIBUTIONS)
        assert (table.num_rows, pc.sum(table["revision"]).as_py()) == (int(sums["rows"]), int(sums["revisions"]))
        assert pc.sum(table["revenue"]).as_py() == Decimal(sums["revenue"])


def milliseconds(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def journeys() -> list[dict[str, Any]]:
    """Make a click and an install on each of some days, and a purchase."""
    events = []
    for number, day in enumerate(DAYS):
        device, at = f"device-{number}", day + timedelta(hours=12)
        events += [
            event("click", device_id=device, media_source="search", event_time=at.isoformat()),
            event("install", device_id=device, event_time=(at + timedelta(minutes=5)).isoformat()),
        ]
    purchase = {"device_id": "device-2", "event_time": (DAYS[2] + timedelta(hours=13)).isoformat()}
    return [*events, event("purchase", revenue="4.99", currency="EUR", **purchase)]


@pytest.fixture(scope="module")
async def filled(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant with events and attributions of three days in two months or three."""
    tenant = await new_tenant(running)
    await send(running, tenant, journeys())
    await attributed(running, tenant, 4)
    return tenant


async def send(running: RunningStack, tenant: ProvisionedTenant, events: list[dict[str, Any]]) -> None:
    headers = {"X-Tenant-ID": tenant.tenant_id, "X-Write-Key": tenant.write_key}
    async with httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=30, trust_env=False) as client:
        sent = await client.post("/api/v1/events/ingest", content=ndjson(events), params={"wait": "stored"})
        assert sent.status_code == 202, sent.text
        assert sent.json()["accepted"] == len(events)


async def attributed(running: RunningStack, tenant: ProvisionedTenant, count: int) -> None:
    """Wait until so many results are where reports read them."""
    query = f"SELECT uniqExact(conversion_id) FROM unmogrow.attributed_{tenant.tenant_id}"  # noqa: S608 - our own id
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:

        async def are_there() -> bool:
            return int((await client.post(running.stack.clickhouse_url, content=query)).text) == count

        await eventually(are_there)


@pytest.fixture
async def exporter(running: RunningStack, filled: ProvisionedTenant, lake_url: str) -> AsyncIterator[Exporter]:
    """Export the filled tenant to each kind of lake, which is empty again afterwards."""
    exporter = Exporter(running, filled, lake_url)
    yield exporter
    exporter.lake.erase_tenant(exporter.tenant_id)


async def test_only_what_changed_is_written(exporter: Exporter) -> None:
    """Rows, sums and checksums are the store's; again: nothing; a late event: its day; joined ids: their days."""
    first = await exporter.export()
    await exporter.assert_equals_the_store(first)
    days = {file.date for file in first.files}
    assert days == {day.date() for day in DAYS}
    assert await exporter.export() == first
    at = (DAYS[0] + timedelta(hours=3)).isoformat()
    await send(exporter.running, exporter.tenant, [event("click", device_id="late", event_time=at)])
    second = await exporter.export()
    await exporter.assert_equals_the_store(second)
    assert changed(first, second) == {(Dataset.EVENTS, DAYS[0].date())}
    assert [each.path for each in second.replaced] == [first.by_day()[Dataset.EVENTS, DAYS[0].date()].path]
    person = await join(exporter, "device-1", secrets.token_hex(4))
    third = await exporter.export()
    await exporter.assert_equals_the_store(third)
    assert changed(second, third) == {(dataset, DAYS[1].date()) for dataset in Dataset}
    for dataset in Dataset:
        assert person in exporter.table(third, dataset)["person_key"].to_pylist()


def changed(before: Manifest, after: Manifest) -> set[tuple[Dataset, date]]:
    """Say which days have another file."""
    paths = {file.path for file in before.files}
    assert {file.key for file in before.files} == {file.key for file in after.files}
    return {file.key for file in after.files if file.path not in paths}


async def join(exporter: Exporter, device_id: str, user_id: str) -> int:
    """Let a device be a user's, as identity merging does; give the key by which the person goes from now on."""
    person = IdentityKey(IdentityKind.USER_ID, user_id)
    store = ClickHouse(exporter.running.stack.backends, exporter.settings.clickhouse)
    version = round(utc_now().timestamp() * 1000)
    await PersonAliases(store, exporter.tenant_id).write(
        {IdentityKey(IdentityKind.VENDOR_ID, device_id): person}, version
    )
    await store.close()
    return identity_hash(person)


async def test_a_row_that_came_twice_is_there_once(exporter: Exporter) -> None:
    """A repeated row in ClickHouse changes no count; the one that it merges to, the last, is the one exported."""
    first = await exporter.export()
    table = f"unmogrow.events_{exporter.tenant_id}"
    await exporter.tell(
        f"INSERT INTO {table} SELECT * REPLACE (now64(3) AS received_at) FROM {table}"  # noqa: S608 - our own id
        " WHERE event_type = 'install' AND device_id = 'device-1'"
    )
    second = await exporter.export()
    await exporter.assert_equals_the_store(second)
    assert changed(first, second) == {(Dataset.EVENTS, DAYS[1].date())}
    assert sum(file.rows for file in second.files) == sum(file.rows for file in first.files)


async def test_what_was_replaced_goes_when_its_readers_have_ended(exporter: Exporter) -> None:
    """It stays for a while, then an export deletes it; the tenant's word on global models is kept with the rest."""
    first = await exporter.export()
    at = (DAYS[1] + timedelta(hours=1)).isoformat()
    await send(exporter.running, exporter.tenant, [event("click", device_id="late", event_time=at)])
    second = await exporter.export()
    (old,) = (each.path for each in second.replaced)
    assert exporter.lake.read(old)
    for keep_seconds, is_there in ((3_600.0, True), (0.0, False)):
        settings = exporter.settings.model_copy(update={"lake": LakeSettings(keep_replaced_seconds=keep_seconds)})
        backends = exporter.running.stack.backends
        await asyncio.to_thread(export_tenant, backends, settings, exporter.tenant_id, contributes=True)
        assert (old in exporter.lake.files_of(exporter.tenant_id)) is is_there
    manifest = exporter.lake.manifest(exporter.tenant_id)
    assert manifest is not None
    assert (manifest.files, manifest.replaced, manifest.version) == (second.files, (), second.version + 1)
    assert changed(first, manifest) == {(Dataset.EVENTS, DAYS[1].date())}
    withdrawn = await exporter.export(contributes=False)
    assert (withdrawn.contributes, withdrawn.files) == (False, second.files)


async def test_whoever_dies_is_made_good(running: RunningStack, filled: ProvisionedTenant, tmp_path: Path) -> None:
    """Killed after a file and before a manifest: the next run deletes what nobody names and writes the rest, once."""
    exporter = Exporter(running, filled, str(tmp_path / "lake"))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["jobs.export_lake"])
    for point in ("lake_after_file", "lake_before_manifest"):
        (running.failpoints / point).touch()
        arguments = (running.stack.backends, exporter.settings, exporter.tenant_id, True)
        process = context.Process(target=export_tenant, args=arguments)
        process.start()
        await asyncio.to_thread(process.join)
        assert process.exitcode == -signal.SIGKILL
        manifest = exporter.lake.manifest(exporter.tenant_id)
        assert manifest is not None
        assert (manifest.files, bool(exporter.lake.files_of(exporter.tenant_id))) == ((), True)
    await exporter.assert_equals_the_store(await exporter.export())


async def test_a_file_that_is_gone_is_written_anew(exporter: Exporter) -> None:
    """Somebody deleted a file that the manifest names: the next export has its day again."""
    first = await exporter.export()
    lost = first.files[0]
    exporter.lake.remove(lost.path)
    second = await exporter.export()
    assert changed(first, second) == {lost.key}
    exporter.lake.erase_tenant(exporter.tenant_id)
    await exporter.assert_equals_the_store(await exporter.export())


async def test_one_exporter_at_a_time(exporter: Exporter) -> None:
    """Of two at once, the second finds nothing to do: each day was written once."""
    first, second = await asyncio.gather(exporter.export(), exporter.export())
    assert first == second
    await exporter.assert_equals_the_store(second)
    assert second.replaced == ()


async def test_a_turn_ends_with_its_connection(running: RunningStack, filled: ProvisionedTenant) -> None:
    """CONNECTION_LOST for whoever had it, who then swaps nothing, and another has the turn."""
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    tenant_id = TenantId(filled.tenant_id)

    async def lose_it() -> None:
        async with lake_turn(databases.control(), tenant_id) as turn:
            await turn.assert_held()
            async with databases.control().connection() as connection:
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks"
                    " WHERE locktype = 'advisory' AND pid != pg_backend_pid()"
                    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
            await turn.assert_held()
            pytest.fail("it was still held")

    with pytest.raises(CONNECTION_LOST):
        await lose_it()
    async with asyncio.timeout(5), lake_turn(databases.control(), tenant_id) as turn:
        await turn.assert_held()
    await databases.close()


async def test_tenants_never_mix(exporter: Exporter, tenant: ProvisionedTenant) -> None:
    """The same event id in two tenants, each with its own row; erasing one waits for its turn and leaves the other."""
    other = Exporter(exporter.running, tenant, exporter.url)
    (row,) = await exporter.ask(f"SELECT event_id FROM unmogrow.events_{exporter.tenant_id} LIMIT 1")  # noqa: S608 - our own id
    await send(exporter.running, tenant, [event("click", device_id="another", event_id=row["event_id"])])
    own, others = await exporter.export(), await other.export()
    await exporter.assert_equals_the_store(own)
    assert other.table(others, Dataset.EVENTS)["device_id"].to_pylist() == ["another"]
    assert all(path.startswith(f"tenants/{other.tenant_id}/") for path in other.lake.files_of(other.tenant_id))
    databases = Databases(exporter.running.stack.backends, exporter.settings.postgres)
    async with lake_turn(databases.control(), other.tenant_id):
        erasing = asyncio.create_task(erase_lake(databases.control(), exporter.settings, other.tenant_id))
        await asyncio.sleep(0.3)
        assert other.lake.manifest(other.tenant_id) == others
    await erasing
    await databases.close()
    assert exporter.lake.tenants() == [exporter.tenant_id]
    assert other.lake.files_of(other.tenant_id) == []


async def test_what_was_learned_of_a_tenant_goes_with_it(exporter: Exporter, tenant: ProvisionedTenant) -> None:
    """Its models, entered or not, and their artifacts; not one that another's model has, too, nor the global ones."""
    artifacts, own = Artifacts(exporter.lake), TenantId(tenant.tenant_id)
    contents = {name: secrets.token_bytes(64) for name in ("own", "by hand", "shared", "global")}
    shas = {name: artifacts.put(content) for name, content in contents.items()}
    registered = [document_of(contents["own"], own), document_of(contents["shared"], own)]
    by_hand, everybodys = document_of(contents["by hand"], own), document_of(contents["global"], None)
    others = document_of(contents["shared"], exporter.tenant_id)
    for document in (*registered, by_hand, everybodys, others):
        artifacts.put_candidate(document.model_dump_json().encode(), document.model_id)
    artifacts.put_candidate(b"half of a", "unreadable")
    databases = Databases(exporter.running.stack.backends, exporter.settings.postgres)
    models = LearnedModels(databases.control())
    for document in (*registered, others):
        assert await models.register(document)
    for _ in range(2):
        await erase_lake(databases.control(), exporter.settings, own)
    assert sorted(artifacts.candidates()) == sorted([everybodys.model_id, others.model_id, "unreadable"])
    left = {name for name, sha256 in shas.items() if f"{sha256}.skops" in exporter.lake.names("models/artifacts")}
    assert left == {"shared", "global"}
    # Of one that is gone nothing is entered any more.
    assert not await models.register(document_of(contents["own"], "neverwas"))
    await databases.close()


async def test_a_tenant_that_leaves_is_not_exported(exporter: Exporter) -> None:
    """TenantLeavesError for one whose state is not to stay; its lake has nothing."""
    exporter.tenant_id = TenantId("neverwas")
    with pytest.raises(TenantLeavesError):
        await exporter.export()
    assert exporter.lake.manifest(exporter.tenant_id) is None
