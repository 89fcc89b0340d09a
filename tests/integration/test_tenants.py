"""The global plane for operators: tenants made, changed, suspended; keys by scope; usage; jobs."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.in_time import assert_in_time, best_of_rounds, in_time
from tests.stack_fixtures import RunningStack, ago, event, eventually, ndjson

pytestmark = pytest.mark.anyio

INGEST = "/api/v1/events/ingest"
KNOWN_SECONDS = 1.0


def client_of(running: RunningStack, key: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(base_url=running.global_url, headers=headers, timeout=40, trust_env=False)


@pytest.fixture
async def platform(running: RunningStack) -> AsyncIterator[httpx.AsyncClient]:
    """Call the global plane with this machine's own key."""
    async with client_of(running, running.platform_key) as client:
        yield client


@best_of_rounds
async def test_makes_a_tenant(running: RunningStack, platform: httpx.AsyncClient) -> None:
    """201 with what the first event and the first login need; the same for the same Idempotency-Key; else a new key."""
    tenant_id = f"t{secrets.token_hex(4)}"
    asked = {"tenant_id": tenant_id, "host": f"{tenant_id}.localhost", "name": "New", "owner_email": "o@example.com"}
    idempotent = {"Idempotency-Key": secrets.token_hex(8)}
    began = time.monotonic()
    made = await platform.post("/api/v1/tenants", json=asked, headers=idempotent)
    seconds = time.monotonic() - began
    print(f"made in {seconds:.2f} s")
    assert (made.status_code, made.json()["owner"]["email"]) == (201, "o@example.com")
    async with httpx.AsyncClient(base_url=running.tenant_url, timeout=30, trust_env=False) as client:
        client.headers["Host"] = asked["host"]
        login = {"email": "o@example.com", "password": made.json()["owner"]["password"]}
        for key in (made.json()["write_key"], (await platform.post("/api/v1/tenants", json=asked)).json()["write_key"]):
            assert (await client.post(INGEST, json=event(), headers={"X-Write-Key": key})).status_code == 202
        assert (await client.post("/api/v1/auth", json=login)).status_code == 200
    assert_in_time(seconds, 5)
    again = await platform.post("/api/v1/tenants", json=asked, headers=idempotent)
    assert again.json() == made.json()
    reused = await platform.post("/api/v1/tenants", json=asked | {"name": "Other"}, headers=idempotent)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency-key-reused")
    other = await platform.post("/api/v1/tenants", json=asked | {"host": "else.localhost"})
    assert (other.status_code, other.json()["code"]) == (409, "tenant-exists")
    taken = await platform.post("/api/v1/tenants", json=asked | {"tenant_id": f"{tenant_id}x"})
    assert (taken.status_code, taken.json()["code"]) == (409, "host-taken")
    for name, wrong in {"tenant_id": "T-1", "host": "localhost", "owner_email": "nobody", "name": ""}.items():
        refused = await platform.post("/api/v1/tenants", json=asked | {name: wrong})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{name}")


async def test_suspends_and_resumes(
    tenant: ProvisionedTenant, http: httpx.AsyncClient, platform: httpx.AsyncClient
) -> None:
    """Within a second 403 on every door, an open stream ends, what was accepted is stored; then all is as before."""
    path = f"/api/v1/tenants/{tenant.tenant_id}"
    login = {"email": tenant.owner_email, "password": tenant.owner_password}
    token = (await http.post("/api/v1/auth", json=login)).json()["access_token"]
    user = {"Authorization": f"Bearer {token}"}
    events = [event() for _ in range(200)]
    assert (await http.post(INGEST, content=ndjson(events))).status_code == 202
    async with http.stream("GET", "/api/v1/events/live", headers=user) as live:
        assert (await platform.post(f"{path}/suspend")).json()["state"] == "suspended"
        suspended_at = time.monotonic()

        async def is_closed() -> bool:
            answers = await asyncio.gather(
                http.post(INGEST, json=event()),
                http.get("/api/v1/links", headers=user),
                http.post("/api/v1/auth", json=login),
                http.get("/config.json"),
            )
            return {(each.status_code, each.json().get("code")) for each in answers} == {(403, "tenant-suspended")}

        await eventually(is_closed, seconds=5)
        assert time.monotonic() - suspended_at < KNOWN_SECONDS + 0.5
        async with asyncio.timeout(5):
            _ = [text async for text in live.aiter_text()]
    assert (await platform.post(f"{path}/suspend")).status_code == 200

    async def is_stored() -> bool:
        used = (await platform.get("/api/v1/usage", params={"tenant_id": tenant.tenant_id})).json()["data"][0]
        counts = used["events"]
        return bool(counts["stored"] == counts["accepted"] >= len(events) and used["waiting"]["events"] == 0)

    await eventually(is_stored)
    assert (await platform.post(f"{path}/resume")).json()["state"] == "active"

    async def is_served() -> bool:
        return (await http.post(INGEST, json=event())).status_code == 202

    await eventually(is_served, seconds=5)
    log = (await http.get("/api/v1/audit", params={"actor": "operator"}, headers=user)).json()["data"]
    assert [each["action"] for each in log] == ["tenant.resume", "tenant.suspend", "tenant.suspend"]
    keys = (await platform.get("/api/v1/platform-keys")).json()["data"]
    operator = next(key["key_id"] for key in keys if key["name"] == "operator")
    assert {tuple(each["actor"].values()) for each in log} == {("platform", operator, "operator")}
    assert {(each["subject"], each["ip"]) for each in log} == {(tenant.tenant_id, "127.0.0.1")}
    assert (await platform.post("/api/v1/tenants/tnosuch/suspend")).status_code == 404


async def test_changes_and_lists(running: RunningStack, tenant: ProvisionedTenant, platform: httpx.AsyncClient) -> None:
    """What is named changes, what is not stays; the new host leads to the tenant; lists go on page by page."""
    path = f"/api/v1/tenants/{tenant.tenant_id}"
    host = f"new-{tenant.host}"
    changed = await platform.patch(path, json={"host": host, "name": "Renamed", "events_per_day": 7})
    assert changed.status_code == 200
    kept = (await platform.patch(path, json={"events_per_second": 5.5, "requests_at_once": 9})).json()
    assert kept["requests_at_once"] == 9
    assert (kept["host"], kept["name"], kept["events_per_day"], kept["events_per_second"]) == (host, "Renamed", 7, 5.5)
    assert (await platform.patch(path, json={"events_per_day": None})).json()["events_per_day"] is None
    async with httpx.AsyncClient(base_url=running.tenant_url, timeout=30, trust_env=False) as client:

        async def is_known() -> bool:
            answer = await client.get("/config.json", headers={"Host": host})
            return answer.status_code == 200 and answer.json()["TENANT_ID"] == tenant.tenant_id

        await eventually(is_known)
    for wrong in ({"shards": 17}, {"host": None}, {"state": "active"}, {"events_per_day": 0}, {"requests_at_once": 0}):
        assert (await platform.patch(path, json=wrong)).status_code == 422
    found: list[str] = []
    parameters: dict[str, str] = {"limit": "50"}
    while len(found) < 1_000:
        page = (await platform.get("/api/v1/tenants", params=parameters)).json()
        found += [each["tenant_id"] for each in page["data"]]
        if page["next_cursor"] is None:
            break
        parameters["cursor"] = page["next_cursor"]
    assert found == sorted(set(found))
    assert tenant.tenant_id in found
    for search, is_found in ((tenant.tenant_id.upper(), True), (host, True), (f"{tenant.tenant_id}%", False)):
        alike = (await platform.get("/api/v1/tenants", params={"search": search, "state": "active"})).json()["data"]
        assert (tenant.tenant_id in [each["tenant_id"] for each in alike]) is is_found
        assert len(alike) <= 1


@best_of_rounds
async def test_a_key_does_what_its_scopes_say(running: RunningStack, platform: httpx.AsyncClient) -> None:
    """403 without the scope, 401 without a key or a second after it was revoked; no key gives what it lacks."""
    made = (await platform.post("/api/v1/platform-keys", json={"name": "ci", "scopes": ["usage", "tenants"]})).json()
    async with client_of(running, made["key"]) as client:
        statuses = [
            (await client.get(path)).status_code
            for path in ("/api/v1/usage", "/api/v1/tenants", "/api/v1/jobs", "/api/v1/platform-keys")
        ]
        assert statuses == [200, 200, 403, 200]
        beyond = await client.post("/api/v1/platform-keys", json={"name": "more", "scopes": ["ingest"]})
        assert (beyond.status_code, beyond.json()["code"]) == (403, "scope-missing")
        assert (await client.post("/api/v1/ingest", json=event(tenant_id="tnosuch"))).status_code == 403
        listed = (await client.get("/api/v1/platform-keys")).json()["data"]
        assert next(each for each in listed if each["key_id"] == made["key_id"])["scopes"] == ["tenants", "usage"]
        assert made["key"] not in str(listed)
        assert (await platform.delete(f"/api/v1/platform-keys/{made['key_id']}")).status_code == 204
        assert (await platform.delete(f"/api/v1/platform-keys/{made['key_id']}")).status_code == 404

        # Not of usage, which takes the longer the more tenants other tests have made.
        async def is_refused() -> bool:
            return (await client.get("/api/v1/tenants", params={"limit": 1})).status_code == 401

        await in_time(is_refused, seconds=KNOWN_SECONDS)
    async with httpx.AsyncClient(base_url=running.global_url, trust_env=False) as nobody:
        assert (await nobody.get("/api/v1/usage")).status_code == 401


async def test_usage_and_jobs(tenant: ProvisionedTenant, http: httpx.AsyncClient, platform: httpx.AsyncClient) -> None:
    """Counts of the span asked for, sizes, actors; the jobs that made a tenant and do its work, with their logs."""
    install = event("install")
    body = ndjson([install, *(event() for _ in range(29)), {"bad": 1}])
    await http.post(INGEST, content=body, params={"wait": "stored"})
    login = {"email": tenant.owner_email, "password": tenant.owner_password}
    user = {"Authorization": f"Bearer {(await http.post('/api/v1/auth', json=login)).json()['access_token']}"}
    started = await http.post("/api/v1/imports", content=ndjson([event()]), headers=user)

    async def is_attributed() -> bool:
        return (await http.get(f"/api/v1/attributions/{install['event_id']}", headers=user)).status_code == 200

    await eventually(is_attributed)
    asked = {"policy": {}, "from": ago(days=1), "to": ago(days=-1)}
    recompute = await http.post("/api/v1/attributions/recompute", json=asked, headers=user)
    review = await http.post("/api/v1/fraud/reviews", json={"days": 1}, headers=user)
    query: dict[str, str] = {"tenant_id": tenant.tenant_id}
    work = {
        "import": started.json()["import_id"],
        "recompute": recompute.json()["recompute_id"],
        "fraud-review": review.json()["review_id"],
    }

    async def are_done() -> dict[str, Any] | None:
        jobs: list[dict[str, Any]] = (await platform.get("/api/v1/jobs", params=query)).json()["data"]
        states = {each["kind"]: each["state"] for each in jobs}
        return {each["kind"]: each for each in jobs} if states == dict.fromkeys((*work, "provision"), "done") else None

    jobs = await eventually(are_done)
    assert {kind: jobs[kind]["job_id"] for kind in work} == {k: f"{tenant.tenant_id}.{own}" for k, own in work.items()}
    made = jobs["provision"]["progress"]
    assert (jobs["import"]["progress"]["done"], made["done"]) == (1, made["total"])
    assert [jobs[kind]["progress"]["done"] for kind in ("recompute", "fraud-review")] == [1, 1]

    async def have_said() -> bool:
        found = [(await platform.get(f"/api/v1/jobs/{jobs[kind]['job_id']}")).json()["logs"] for kind in work]
        return all([each["line"] for each in logs] == ["a run began", "ended: done"] for logs in found)

    await eventually(have_said)
    assert (await platform.get("/api/v1/jobs/nosuch")).json()["code"] == "job-unknown"

    async def is_stored() -> dict[str, Any] | None:
        used: dict[str, Any] = (await platform.get("/api/v1/usage", params=query)).json()["data"][0]
        return used if used["storage"]["event_rows"] == 31 else None

    used = await eventually(is_stored)
    assert (used["events"]["received"], used["events"]["accepted"], used["events"]["rejected"]) == (32, 31, 1)
    assert used["storage"]["postgres_bytes"] > 1_000_000
    assert used["storage"]["clickhouse_bytes"] > 1_000
    assert (used["actors"], used["waiting"]["conversions"]) == (1, 0)
    past = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
    assert (await platform.get("/api/v1/usage", params=query | past)).json()["data"][0]["events"]["received"] == 0
    assert (await platform.get("/api/v1/usage", params={"from": past["to"], "to": past["from"]})).status_code == 400
    assert (await platform.get("/api/v1/usage", params={"limit": 1})).json()["next_cursor"]


async def test_who_is_at_work(tenant: ProvisionedTenant, http: httpx.AsyncClient, platform: httpx.AsyncClient) -> None:
    """The tenant's actor with the process that serves it, page by page; the pool with what its replica has decided."""
    before = sum(load["conversions_decided"] for load in (await platform.get("/api/v1/pool")).json()["loads"])
    install = event(event_type="install")
    assert (await http.post(INGEST, json=install)).status_code == 202
    listed = (await platform.get("/api/v1/actors", params={"tenant_id": tenant.tenant_id})).json()
    (actor,) = listed["data"]
    assert (actor["tenant_id"], actor["shard"], actor["shards"]) == (tenant.tenant_id, 0, 1)
    host = listed["hosts"][actor["place"]]
    assert host["shards"] >= 1
    assert host["memory_bytes"] > 10_000_000
    first = (await platform.get("/api/v1/actors", params={"limit": 1})).json()
    following = await platform.get("/api/v1/actors", params={"limit": 1, "cursor": first["next_cursor"]})
    assert following.status_code == 200
    assert first["data"] != following.json()["data"]
    assert (await platform.get("/api/v1/actors", params={"cursor": "bm9uZQ"})).json()["code"] == "cursor-invalid"

    async def is_decided() -> dict[str, Any] | None:
        pool: dict[str, Any] = (await platform.get("/api/v1/pool")).json()
        return pool if sum(load["conversions_decided"] for load in pool["loads"]) > before else None

    pool = await eventually(is_decided)
    assert (pool["status"], pool["replicas"]["RUNNING"] >= 1) == ("HEALTHY", True)
