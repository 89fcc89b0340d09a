"""POST /api/v1/events/ingest on the real stack."""

import asyncio
import gzip
from typing import Any

import httpx
import orjson
import pytest
import zstandard

from schemas.event_types import EventType
from storage.names import clickhouse_tables
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, event, eventually, ndjson, new_tenant, stored_ids
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio

PATH = "/api/v1/events/ingest"


@pytest.fixture(scope="module")
async def tenant(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant for all tests here: what takes long is the first call of its actor."""
    return await new_tenant(running)


async def stored_of(
    events: list[dict[str, Any]], running: RunningStack, tenant: ProvisionedTenant
) -> list[dict[str, Any]]:
    """Give those of some events that are stored, each as often as it is."""
    stored = await stored_ids(running, tenant)
    return [each for each in events for _ in range(stored.count(each["event_id"]))]


async def test_takes_every_form_of_body(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient
) -> None:
    """202 and stored once, for one event, an array, an envelope, NDJSON, gzip and zstd."""
    sent: list[dict[str, Any]] = []

    def fresh(count: int) -> list[dict[str, Any]]:
        made = [event() for _ in range(count)]
        sent.extend(made)
        return made

    bodies: list[tuple[bytes, dict[str, str], int]] = [
        (orjson.dumps(fresh(1)[0]), {}, 1),
        (orjson.dumps(fresh(2)), {"Content-Type": "application/json"}, 2),
        (orjson.dumps({"events": fresh(3)}), {"Content-Type": "application/json"}, 3),
        (ndjson(fresh(4)), {"Content-Type": "application/x-ndjson"}, 4),
        (gzip.compress(ndjson(fresh(5))), {"Content-Encoding": "gzip"}, 5),
        (zstandard.compress(orjson.dumps(fresh(6))), {"Content-Encoding": "zstd"}, 6),
    ]
    for body, headers, count in bodies:
        answer = await http.post(PATH, content=body, headers=headers)
        assert answer.status_code == 202, answer.text
        assert answer.json() | {"batch_id": ""} == {
            "accepted": count,
            "duplicates": 0,
            "rejected": [],
            "batch_id": "",
        }
        assert answer.headers["X-Durability"] == "spooled"

    async def all_stored() -> bool:
        return len(await stored_of(sent, running, tenant)) >= len(sent)

    await eventually(all_stored)
    assert await stored_of(sent, running, tenant) == sent


async def test_takes_every_event_type(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient
) -> None:
    """Each type of the contract is accepted and, with ?wait=stored, in ClickHouse when the answer comes."""
    events = [event(kind) for kind in EventType]
    answer = await http.post(PATH, json=events, params={"wait": "stored"})
    assert (answer.status_code, answer.headers["X-Durability"]) == (202, "stored")
    assert await stored_of(events, running, tenant) == events


async def test_accepts_the_valid_ones(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient
) -> None:
    """202 for the good events of a batch, and a pointer and a remedy for each fault of the others."""
    good = event()
    bad = event("purchase", event_time="yesterday", foo=1) | {"currency": "euro"}
    answer = await http.post(PATH, json=[bad, good, 7], params={"wait": "stored"})
    assert answer.status_code == 202
    body = answer.json()
    assert body["accepted"] == 1
    assert [rejection["index"] for rejection in body["rejected"]] == [0, 2]
    assert body["rejected"][0]["event_id"] == bad["event_id"]
    faults = {error["pointer"]: error["detail"] for error in body["rejected"][0]["errors"]}
    assert faults.keys() == {"/event_time", "/foo", "/currency"}
    assert "properties" in faults["/foo"]
    assert await stored_of([bad, good], running, tenant) == [good]


async def test_strict_takes_all_or_nothing(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient
) -> None:
    """422 for a strict request with one fault, and none of its events stored."""
    sent = [event(), event(event_time="never")]
    answer = await http.post(PATH, json=sent, params={"strict": "true"})
    assert (answer.status_code, answer.json()["accepted"]) == (422, 0)
    marker = event()
    await http.post(PATH, json=marker, params={"wait": "stored"})
    assert await stored_of([*sent, marker], running, tenant) == [marker]


async def test_counts_repeats(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> None:
    """The same event_id counts once: within a request, in a later one, and among identical payloads."""
    twin = event()
    first = await http.post(PATH, json=[twin, twin, event()])
    assert (first.json()["accepted"], first.json()["duplicates"]) == (2, 1)
    again = await http.post(PATH, json=[twin], params={"wait": "stored"})
    assert (again.json()["accepted"], again.json()["duplicates"]) == (0, 1)
    assert (await stored_ids(running, tenant)).count(twin["event_id"]) == 1


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"", {}, 400, "unparseable-body"),
        (b"{", {}, 400, "unparseable-body"),
        (b"[]", {}, 422, "events-invalid"),
        (b"{}", {}, 422, "events-invalid"),
        (b"a,b", {"Content-Type": "text/csv"}, 415, "media-type-unsupported"),
        (b"xx", {"Content-Encoding": "br"}, 415, "encoding-unsupported"),
        (b"x" * (10 * 1024 * 1024 + 1), {}, 413, "body-too-large"),
        (gzip.compress(b" " * (11 * 1024 * 1024)), {"Content-Encoding": "gzip"}, 413, "body-too-large"),
        (b"{}\n" * 10_001, {"Content-Type": "application/x-ndjson"}, 413, "too-many-events"),
        (b"{}", {"X-Write-Key": "wk_wrong"}, 401, "key-invalid"),
        (b"{}", {"X-Write-Key": ""}, 401, "key-invalid"),
        (b"{}", {"X-Tenant-ID": "t123nosuch"}, 404, "tenant-unknown"),
    ],
)
async def test_refuses_with_a_problem(
    http: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    """A problem+json with the contract's status, a code and a message, for whatever cannot be taken."""
    answer = await http.post(PATH, content=content, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["code"] == code
    assert answer.json()["message"]


async def test_takes_the_key_in_three_ways(http: httpx.AsyncClient, tenant: ProvisionedTenant) -> None:
    """202 with the write key as X-Write-Key, as Bearer, and as the Basic user name."""
    for attempt in (
        {"headers": {"X-Write-Key": tenant.write_key}},
        {"headers": {"X-Write-Key": "", "Authorization": f"Bearer {tenant.write_key}"}},
        {"headers": {"X-Write-Key": ""}, "auth": (tenant.write_key, "")},
    ):
        assert (await http.post(PATH, json=event(), **attempt)).status_code == 202


async def test_key_opens_its_own_tenant_alone(running: RunningStack, http: httpx.AsyncClient) -> None:
    """401 for another tenant's valid key, in the same words as for a key that is none."""
    other = await new_tenant(running)
    foreign = await http.post(PATH, json=event(), headers={"X-Write-Key": other.write_key})
    unknown = await http.post(PATH, json=event(), headers={"X-Write-Key": "wk_none"})
    assert foreign.status_code == unknown.status_code == 401
    assert foreign.json() | {"instance": ""} == unknown.json() | {"instance": ""}


async def test_lists_and_follows_events(api: TenantApi, http: httpx.AsyncClient) -> None:
    """What was stored is listed, newest first, page by page, with its properties as JSON."""
    events = [event(properties={"level": level, "nested": {"a": [1, None]}}) for level in range(5)]
    for each in events:
        await http.post(PATH, json=each, params={"wait": "stored"})
    pages = api.pages("/api/v1/events", limit=2)
    listed = [await anext(pages) for _ in events]
    assert [item["event_id"] for item in listed] == [each["event_id"] for each in reversed(events)]
    assert listed[0]["properties"] == events[-1]["properties"]
    wrong = await http.get("/api/v1/events", params={"cursor": "nonsense"})
    assert wrong.status_code == 401


async def test_events_are_narrowed_and_followed_from_a_place(api: TenantApi, http: httpx.AsyncClient) -> None:
    """By id, name or source each finds its own alone; `after` gives what arrived after a row, and nothing before it."""
    sent = [
        event("in_app", event_name="sought"),
        event("in_app", event_name="found"),
        event(media_source="narrow_ads"),
    ]
    for each in sent:
        await http.post(PATH, json=each, params={"wait": "stored"})
    for name, value in (("event_id", sent[0]["event_id"]), ("event_name", "found"), ("media_source", "narrow_ads")):
        (found,) = (await api.get("/api/v1/events", **{name: value}))["data"]
        assert found["event_id"] == next(each for each in sent if each.get(name) == value)["event_id"]
    first = (await api.get("/api/v1/events", limit=1, event_name="sought"))["next_cursor"]
    followed = api.follow(f"/api/v1/events/live?after={first}")
    assert [(await anext(followed))["event_id"] for _ in range(2)] == [each["event_id"] for each in sent[1:]]


async def test_an_event_that_is_stored_late_is_followed(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """One whose arrival lies before what was given already comes, once; what comes after it in order follows."""
    first, second, late, last = event(), event(), event(), event()
    await http.post(PATH, json=first, params={"wait": "stored"})
    followed = api.follow(f"/api/v1/events/live?after={(await api.get('/api/v1/events', limit=1))['next_cursor']}")
    await http.post(PATH, json=second, params={"wait": "stored"})
    table = clickhouse_tables(tenant.tenant_id)["events"]
    copy = (
        f"INSERT INTO {table} SELECT * REPLACE ('{late['event_id']}' AS event_id, received_at - 5 AS received_at) "  # noqa: S608
        f"FROM (SELECT * FROM {table} WHERE event_id = '{second['event_id']}')"
    )
    async with asyncio.timeout(20):
        assert (await anext(followed))["event_id"] == second["event_id"]
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            (await client.post(running.stack.clickhouse_url, content=copy)).raise_for_status()
        assert (await anext(followed))["event_id"] == late["event_id"]
        await http.post(PATH, json=last, params={"wait": "stored"})
        assert (await anext(followed))["event_id"] == last["event_id"]
