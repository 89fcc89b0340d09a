"""A conversion on which attribution fails must not hold up the others."""

import asyncio
import secrets
from typing import Any

import httpx
import orjson
import pytest
import zstandard

from schemas.batches import ConversionRow, Tally
from schemas.ids import new_batch_id
from schemas.shards import WHOLE_TENANT
from storage.postgres.connect import Databases
from storage.spool.repository import Spool
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.crash.incarnations import incarnation
from tests.stack_fixtures import RunningStack, ago, api_of, event, eventually, new_tenant, result_of
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio

INGEST = "/api/v1/events/ingest"


async def settled(api: TenantApi, conversion_ids: list[str], seconds: float = 20.0) -> dict[str, dict[str, Any]]:
    """Wait until none of the conversions is pending; give them by id."""

    async def all_settled() -> dict[str, dict[str, Any]] | None:
        found = [await api.get(f"/api/v1/attributions/{each}") for each in conversion_ids]
        return (
            None if any(each["state"] == "pending" for each in found) else dict(zip(conversion_ids, found, strict=True))
        )

    documents: dict[str, dict[str, Any]] = await eventually(all_settled, seconds=seconds)
    return documents


async def test_the_pool_fails_on_one(running: RunningStack, api: TenantApi, http: httpx.AsyncClient) -> None:
    """9 of 10 attributed, 1 failed with the pool's own error, counted and listed; tried again, it is attributed too."""
    installs = [event("install") for _ in range(10)]
    names = [each["event_id"] for each in installs]
    (running.failpoints / "pool_attribute").write_text(names[4], encoding="utf-8")
    try:
        await http.post(INGEST, json=installs)
        states = {name: each["state"] for name, each in (await settled(api, names)).items()}
        later = event("install")
        await http.post(INGEST, json=later)
        assert (await settled(api, [later["event_id"]]))[later["event_id"]]["state"] == "attributed"
        failed = await api.get(f"/api/v1/attributions/{names[4]}")
        listed = await api.get("/api/v1/attributions", state="failed")
        assert (await api.get("/api/v1/reports/quality"))["conversions"] == {"pending": 0, "failed": 1}
    finally:
        (running.failpoints / "pool_attribute").unlink()
    assert states == dict.fromkeys(names, "attributed") | {names[4]: "failed"}
    assert (failed["revision"], names[4] in failed["failure"]) == (0, True)
    assert [each["conversion_id"] for each in listed["data"]] == [names[4]]
    # What made it fail is gone.
    assert await api.post("/api/v1/attributions/failed/retry", {}) == {"retried": 1}
    assert (await settled(api, [names[4]]))[names[4]]["state"] == "attributed"
    assert await api.post("/api/v1/attributions/failed/retry", {"conversion_ids": [names[4]]}) == {"retried": 0}


async def test_heirs_of_one_that_failed_follow_it(
    running: RunningStack, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """A purchase is attributed without its install while that fails, and once more when the install is at last."""
    device = {"device_id": secrets.token_hex(8), "app_id": "app"}
    click = event(event_time=ago(hours=2), media_source="alpha", **device)
    install = event("install", event_time=ago(hours=1), **device)
    paid = {"revenue": "1", "currency": "EUR"} | device
    together, after = (event("purchase", event_time=ago(minutes=minutes), **paid) for minutes in (30, 10))
    names = [each["event_id"] for each in (install, together, after)]
    (running.failpoints / "pool_attribute").write_text(names[0], encoding="utf-8")
    try:
        (await http.post(INGEST, json=[click, install, together])).raise_for_status()
        await settled(api, names[:2])
        # Its install is given up by now.
        (await http.post(INGEST, json=after)).raise_for_status()
        before = await settled(api, names)
    finally:
        (running.failpoints / "pool_attribute").unlink()
    assert [before[name]["state"] for name in names] == ["failed", "attributed", "attributed"]
    assert [before[name]["install_id"] for name in names[1:]] == [None, None]
    assert await api.post("/api/v1/attributions/failed/retry", {"conversion_ids": names[:1]}) == {"retried": 1}
    for name in names[1:]:
        result = await result_of(api, name, revision=2)
        assert (result["install_id"], result["media_source"]) == (names[0], "alpha")
        assert [each["cause"] for each in result["revisions"]] == ["first", "late_origin"]


async def test_the_pool_hangs_on_one(running: RunningStack, api: TenantApi, http: httpx.AsyncClient) -> None:
    """9 of 10 attributed, 1 failed with the reason: it took too long, three times; later ones do not wait for it."""
    installs = [event("install") for _ in range(10)]
    names = [each["event_id"] for each in installs]
    (running.failpoints / "pool_attribute_hangs").write_text(names[4], encoding="utf-8")
    try:
        await http.post(INGEST, json=installs)
        later = event("install")
        await http.post(INGEST, json=later)
        documents = await settled(api, [*names, later["event_id"]])
    finally:
        (running.failpoints / "pool_attribute_hangs").unlink()
    failed = documents.pop(names[4])
    assert (failed["state"], "CaseHungError" in failed["failure"]) == ("failed", True)
    assert {each["state"] for each in documents.values()} == {"attributed"}


async def test_one_cannot_be_read(running: RunningStack, tenant: ProvisionedTenant, api: TenantApi) -> None:
    """39 of 40 attributed, 1 failed with the reason: its event has a time that no calendar has."""
    installs = [event("install") for _ in range(40)]
    installs[23]["event_time"] = "2026-02-30T12:00:00Z"
    names = [each["event_id"] for each in installs]
    stamped = {"received_at": "2026-01-01T00:00:00.000Z", "batch_id": new_batch_id()}
    rows = [orjson.dumps(each | stamped) for each in installs]
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    spool = Spool(databases.tenant(tenant.tenant_id), WHOLE_TENANT)
    await spool.append(
        await spool.take_epoch(),
        Tally(received=40, accepted=40, duplicates=0, rejected=0),
        rows_bytes=sum(map(len, rows)),
        # The store takes the event with a time of its own making: what is tested is what comes after it.
        frames=zstandard.compress(b"".join(row.replace(b"2026-02-30", b"2026-02-28") + b"\n" for row in rows)),
        hashes=secrets.token_bytes(8 * len(rows)),
        conversions=[
            ConversionRow(place, name, "install", utc_now().isoformat(), row)
            for place, (name, row) in enumerate(zip(names, rows, strict=True))
        ],
        dead_letters=(),
    )
    await databases.close()
    async with asyncio.timeout(20), incarnation(running, tenant) as held:
        documents = await settled(api, names)
        assert not held.life.done()
    failed = documents.pop(names[23])
    assert (failed["state"], "day is out of range" in failed["failure"]) == ("failed", True)
    assert {each["state"] for each in documents.values()} == {"attributed"}


async def test_one_kills_the_pool(running: RunningStack, api: TenantApi, http: httpx.AsyncClient) -> None:
    """Its replica dies once and no more; a neighbour's conversions have results meanwhile, and none of them is blamed.

    Of the two that were sent together one is attributed, and the one at fault is set apart with the reason.
    """
    neighbour = await new_tenant(running)
    installs = [event("install") for _ in range(2)]
    names = [each["event_id"] for each in installs]
    (running.failpoints / "pool_attribute_dies").write_text(names[0], encoding="utf-8")
    beside: list[str] = []
    try:
        async with api_of(running, neighbour) as other:
            await http.post(INGEST, json=installs)
            settling = asyncio.create_task(settled(api, names, 60.0))
            while not settling.done():
                install = event("install")
                await other.send(orjson.dumps(install))
                beside.append(install["event_id"])
                await asyncio.sleep(0.1)
            of_neighbour = await settled(other, beside)
        documents = await settling
    finally:
        (running.failpoints / "pool_attribute_dies").unlink()
    assert {each["state"] for each in of_neighbour.values()} == {"attributed"}
    assert len(beside) > 10
    assert (documents[names[1]]["state"], documents[names[0]]["state"]) == ("attributed", "failed")
    assert "PoolKilledError" in documents[names[0]]["failure"]
    # While it is apart, its tenant goes on, too.
    later = event("install")
    await http.post(INGEST, json=later)
    assert (await settled(api, [later["event_id"]]))[later["event_id"]]["state"] == "attributed"
