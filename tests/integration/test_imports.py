"""POST /api/v1/imports on the real stack: files of every kind, each imported once, whatever dies meanwhile."""

import csv
import gzip
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from schemas.imports import ImportFormat, ImportOptions, NewImport
from storage.import_files import ImportFiles
from storage.postgres.connect import Databases
from storage.postgres.imports import Imports
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, api_of, event, eventually, ndjson, new_tenant, stored_ids
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio

PATH = "/api/v1/imports"
NOTHING = {"accepted": 0, "duplicates": 0, "rejected": 0}


@asynccontextmanager
async def signed_in(running: RunningStack, tenant: ProvisionedTenant) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"X-Tenant-ID": tenant.tenant_id}
    async with httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=30, trust_env=False) as client:
        login = {"email": tenant.owner_email, "password": tenant.owner_password}
        client.headers["Authorization"] = (
            f"Bearer {(await client.post('/api/v1/auth', json=login)).json()['access_token']}"
        )
        yield client


@pytest.fixture(scope="module")
async def tenant(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant for all tests here: what takes long is the first call of its actor."""
    return await new_tenant(running)


@pytest.fixture
async def owner(running: RunningStack, tenant: ProvisionedTenant) -> AsyncIterator[httpx.AsyncClient]:
    """Call the tenant plane bare, as the tenant's owner."""
    async with signed_in(running, tenant) as client:
        yield client


async def send(owner: httpx.AsyncClient, content: bytes, **parameters: str) -> dict[str, Any]:
    """Upload a file; give what the API says of its import."""
    answer = await owner.post(PATH, content=content, params=parameters)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"{PATH}/{found['import_id']}"
    return found


async def ended(owner: httpx.AsyncClient, import_id: str) -> dict[str, Any]:
    """Wait until an import has ended."""

    async def look() -> dict[str, Any] | None:
        found: dict[str, Any] = (await owner.get(f"{PATH}/{import_id}")).json()
        return found if found["state"] in {"done", "failed"} else None

    found: dict[str, Any] = await eventually(look, seconds=30)
    return found


def counts(found: dict[str, Any]) -> dict[str, int]:
    return {name: found[name] for name in NOTHING}


async def assert_stored(running: RunningStack, tenant: ProvisionedTenant, ids: list[str]) -> None:
    """All of these ids are stored, each once."""
    wanted = set(ids)

    async def found() -> list[str]:
        return sorted(each for each in await stored_ids(running, tenant) if each in wanted)

    async def all_there() -> bool:
        return len(await found()) >= len(ids)

    await eventually(all_there)
    assert await found() == sorted(ids)


def table(rows: list[dict[str, Any]]) -> bytes:
    """Write rows as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


async def test_imports_ndjson_once(running: RunningStack, tenant: ProvisionedTenant, owner: httpx.AsyncClient) -> None:
    """The good lines of a packed file are stored, the bad ones named; the same file again is the same import."""
    good = [event() for _ in range(3_000)]
    bad = [event(foo=1), event(event_time="never")]
    rows = ndjson([*good[:1_000], bad[0], *good[1_000:], bad[1], good[0]])
    file = gzip.compress(rows + b"{broken\n\n")
    begun = await send(owner, file, filename="events.ndjson.gz")
    assert (begun["format"], begun["bytes_total"]) == ("ndjson", len(file))
    done = await ended(owner, begun["import_id"])
    assert counts(done) == {"accepted": 3_000, "duplicates": 1, "rejected": 3}
    assert (done["state"], done["error"], done["bytes_done"], done["rows_done"]) == ("done", None, len(file), 3_004)
    assert [rejection["row"] for rejection in done["rejections"]] == [1_001, 3_002, 3_004]
    assert [rejection["errors"][0]["pointer"] for rejection in done["rejections"]] == ["/foo", "/event_time", ""]
    await assert_stored(running, tenant, [each["event_id"] for each in good])

    again = await send(owner, file, filename="events.ndjson.gz")
    assert again == done
    folder = running.stack.settings.data_dir / "imports" / tenant.tenant_id
    assert list(folder.iterdir()) == []
    listed = (await owner.get(PATH)).json()
    assert listed["data"][0] == {name: value for name, value in done.items() if name != "rejections"}
    assert counts(await ended(owner, (await send(owner, rows))["import_id"]))["accepted"] == 0
    stored = await stored_ids(running, tenant)
    assert len([each for each in stored if each in {made["event_id"] for made in good}]) == 3_000
    assert not {each["event_id"] for each in bad} & set(stored)


async def test_imports_csv(running: RunningStack, tenant: ProvisionedTenant, api: TenantApi) -> None:
    """Columns become fields and properties, by name or by mapping; rows without an id get the same one each time."""
    now = utc_now().isoformat()
    rows = [
        {"type": "purchase", "event_time": now, "revenue": f"{n}.50", "currency": "EUR", "quantity": "2", "shop": "b"}
        for n in range(50)
    ]
    rows[7]["revenue"] = "7,50"
    file = zstandard.compress(table(rows) + b"too,short\n")
    async with signed_in(running, tenant) as owner:
        begun = await send(owner, file, mapping='{"type": "event_type"}', filename="sales.csv.zst")
        done = await ended(owner, begun["import_id"])
        assert counts(done) == {"accepted": 49, "duplicates": 0, "rejected": 2}
        reasons = [(rejection["row"], rejection["errors"][0]["pointer"]) for rejection in done["rejections"]]
        assert reasons == [(8, "/revenue"), (51, "")]
        # Other options make another import; its rows have the same ids.
        options = {"mapping": '{"type": "event_type", "shop": null}', "format": "csv"}
        other = await ended(owner, (await send(owner, file, **options))["import_id"])
        assert other["import_id"] != done["import_id"]
        assert counts(other) == {"accepted": 0, "duplicates": 49, "rejected": 2}

    async def all_there() -> list[dict[str, Any]] | None:
        found = [item async for item in api.pages("/api/v1/events", event_type="purchase")]
        found = [item for item in found if item.get("properties", {}).get("shop") == "b"]
        return found if len(found) >= 49 else None

    stored = await eventually(all_there)
    assert sorted(Decimal(item["revenue"]) for item in stored) == [
        Decimal(n) + Decimal("0.5") for n in range(50) if n != 7
    ]


async def test_imports_parquet(running: RunningStack, tenant: ProvisionedTenant, owner: httpx.AsyncClient) -> None:
    """Typed times, decimals, numbers and structs become what events have; a time too old is rejected."""
    now = utc_now()
    times = [now, now - timedelta(minutes=1), now - timedelta(days=900)]
    columns = pa.table(
        {
            "event_id": ["p-1", "p-2", "p-3"],
            "event_type": ["purchase"] * 3,
            "event_time": pa.array(times, pa.timestamp("ns", tz="UTC")),
            "revenue": pa.array([Decimal("9.99"), Decimal("0.10"), Decimal(1)], pa.decimal128(30, 12)),
            "currency": ["EUR"] * 3,
            "user_id": [1, 2, 3],
            "cart": [{"items": [1, 2]}, None, None],
        }
    )
    file = io.BytesIO()
    pq.write_table(columns, file, row_group_size=2)
    done = await ended(owner, (await send(owner, file.getvalue()))["import_id"])
    assert (done["format"], done["state"]) == ("parquet", "done")
    assert counts(done) == {"accepted": 2, "duplicates": 0, "rejected": 1}
    assert (done["rejections"][0]["row"], done["rejections"][0]["errors"][0]["pointer"]) == (3, "/event_time")
    await assert_stored(running, tenant, ["p-1", "p-2"])
    assert "p-3" not in await stored_ids(running, tenant)
    stored = {item["event_id"]: item for item in (await owner.get("/api/v1/events")).json()["data"]}
    assert (stored["p-1"]["revenue"], stored["p-1"]["user_id"]) == ("9.99", "1")
    assert stored["p-1"]["properties"] == {"cart": {"items": [1, 2]}}


async def test_dry_run_stores_nothing(
    running: RunningStack, tenant: ProvisionedTenant, owner: httpx.AsyncClient
) -> None:
    """A dry run says what would be taken and why not, and leaves no event behind."""
    events = [*(event() for _ in range(10)), event(foo=1)]
    done = await ended(owner, (await send(owner, ndjson(events), dry_run="true"))["import_id"])
    assert (done["dry_run"], counts(done)) == (True, {"accepted": 10, "duplicates": 0, "rejected": 1})
    marker = event()
    headers = {"X-Write-Key": tenant.write_key, "Authorization": ""}
    await owner.post("/api/v1/events/ingest", json=marker, params={"wait": "stored"}, headers=headers)
    stored = set(await stored_ids(running, tenant))
    assert marker["event_id"] in stored
    assert not {each["event_id"] for each in events} & stored


async def test_goes_on_after_a_death(
    running: RunningStack, tenant: ProvisionedTenant, owner: httpx.AsyncClient
) -> None:
    """Killed after a batch was taken and before that was recorded, an import goes on: every event stored once."""
    events = [event() for _ in range(12_000)]
    point = running.failpoints / "import_after_append"
    point.touch()
    done = await ended(owner, (await send(owner, ndjson(events)))["import_id"])
    assert not point.exists()
    assert (done["state"], done["rejected"], done["rows_done"]) == ("done", 0, 12_000)
    assert done["accepted"] + done["duplicates"] == 12_000
    assert 0 < done["duplicates"] <= 5_000
    await assert_stored(running, tenant, [each["event_id"] for each in events])


async def test_takes_up_what_was_left(
    running: RunningStack, tenant: ProvisionedTenant, owner: httpx.AsyncClient
) -> None:
    """A supervisor that is killed is started again, and finds the imports of which nobody told it."""
    await ended(owner, (await send(owner, ndjson([event()]), dry_run="true"))["import_id"])
    events = [event() for _ in range(100)]
    left = await leave_import(running, tenant, ndjson(events))
    assert (await owner.get(f"{PATH}/{left}")).json()["state"] == "queued"
    ray = psutil.Process(running.stack.supervisor.states()["ray"]["pid"])
    (supervisor,) = (child for child in ray.children(recursive=True) if child.name().startswith("ray::Import"))
    supervisor.kill()
    assert counts(await ended(owner, left)) == {"accepted": 100, "duplicates": 0, "rejected": 0}
    await assert_stored(running, tenant, [each["event_id"] for each in events])


async def leave_import(running: RunningStack, tenant: ProvisionedTenant, content: bytes) -> str:
    """Do what a replica does that dies before it has told the supervisor."""

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    settings = running.stack.settings
    files = ImportFiles(settings.imports_folder, tenant.tenant_id)
    received = await files.receive(chunks(), bytes_max=len(content))
    files.keep(received, "left-behind")
    databases = Databases(running.stack.backends, settings.postgres)
    options = ImportOptions(ImportFormat.NDJSON)
    new = NewImport("left-behind", received.sha256, "", received.size_bytes, options)
    await Imports(databases.tenant(tenant.tenant_id)).add(new)
    await databases.close()
    return new.import_id


UNREADABLE: list[tuple[bytes, dict[str, str], str]] = [
    (b"no table at all", {"format": "parquet"}, "not a Parquet file"),
    (b"PAR1" + bytes(100), {}, "not a Parquet file"),
    (gzip.compress(ndjson([event() for _ in range(2_000)]))[:-9], {}, "cut short"),
    (b"a,b\n1,2\n", {"mapping": '{"c": "event_id"}'}, "columns that the file does not have: `c`"),
    ("été,b\n1,2\n".encode("latin-1"), {"format": "csv"}, "not UTF-8"),
]


async def test_fails_with_a_reason(owner: httpx.AsyncClient) -> None:
    """A file that is not what it is said to be fails, with a sentence that says so; what it held before is taken."""
    begun = [await send(owner, content, **parameters) for content, parameters, _ in UNREADABLE]
    failed = [await ended(owner, each["import_id"]) for each in begun]
    assert {each["state"] for each in failed} == {"failed"}
    for each, (_, _, said) in zip(failed, UNREADABLE, strict=True):
        assert said in each["error"]
    taken = failed[2]["accepted"]
    assert 0 < taken <= 2_000
    assert sum(each["accepted"] for each in failed) == taken
    again = await send(owner, UNREADABLE[2][0])
    assert again["state"] in {"queued", "running"}
    assert counts(await ended(owner, again["import_id"])) == {"accepted": taken, "duplicates": 0, "rejected": 0}


@pytest.mark.parametrize(
    ("content", "parameters", "status", "code"),
    [
        (b"", {}, 400, "unparseable-body"),
        (b"{}", {"format": "xml"}, 400, "parameter-invalid"),
        (b"{}", {"dry_run": "perhaps"}, 400, "parameter-invalid"),
        (b"{}", {"filename": "a\0b"}, 400, "parameter-invalid"),
        (b"{}", {"mapping": "{"}, 400, "parameter-invalid"),
        (b"a\n1", {"mapping": '{"a": "no_field"}'}, 400, "parameter-invalid"),
        (b"a\n1", {"mapping": '{"a\\u0000": null}'}, 400, "parameter-invalid"),
        (b"{}", {"mapping": '{"a": "event_id"}'}, 400, "parameter-invalid"),
    ],
)
async def test_refuses_with_a_problem(
    owner: httpx.AsyncClient, content: bytes, parameters: dict[str, str], status: int, code: str
) -> None:
    """A problem for whatever cannot be understood, and no import."""
    before = (await owner.get(PATH)).json()
    answer = await owner.post(PATH, content=content, params=parameters)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await owner.get(PATH)).json() == before


async def test_is_for_the_tenants_own_people(
    running: RunningStack, tenant: ProvisionedTenant, owner: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    """A write key may not upload, and another tenant's owner finds no import of ours."""
    begun = await send(owner, ndjson([event()]))
    assert (await http.post(PATH, content=b"{}")).status_code == 401
    other = await new_tenant(running)
    async with signed_in(running, other) as stranger:
        assert (await stranger.get(f"{PATH}/{begun['import_id']}")).json()["code"] == "import-unknown"
        assert (await stranger.get(PATH)).json()["data"] == []
    async with api_of(running, tenant) as ours:
        assert (await ours.get(f"{PATH}/{begun['import_id']}"))["import_id"] == begun["import_id"]
    await ended(owner, begun["import_id"])
