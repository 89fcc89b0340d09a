"""Segment's HTTP API on the real stack: its own and RudderStack's SDKs, and what browsers and bare clients send."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import orjson
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.sdk_runs import BROWSERS, PROGRAMS, send, started
from tests.stack_fixtures import RunningStack, eventually, new_tenant, set_limits
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio

DONE = b'{"success":true}'
WHO = {"userId": "u-1", "anonymousId": "a-1"}
CONTEXT = {
    "app": {"namespace": "com.example.shop", "version": "2.1"},
    "device": {
        "id": "d-1",
        "model": "Pixel 9",
        "type": "android",
        "advertisingId": "38400000-8cf0-11bd-b23e-10b96e40000d",
    },
    "os": {"name": "Android", "version": "16"},
    "locale": "de-DE",
    "ip": "203.0.113.9",
    "userAgent": "Shop/2.1",
    "campaign": {"source": "news", "name": "spring", "medium": "email", "content": "top", "term": "shoes"},
    "timezone": "Europe/Berlin",
}
CALLS: list[dict[str, Any]] = [
    {"type": "track", "event": "Application Installed", **WHO, "context": CONTEXT},
    {
        "type": "track",
        "event": "Order Completed",
        **WHO,
        "properties": {"revenue": 19.99, "currency": "EUR", "order_id": "o-1", "products": [{"sku": "s"}]},
    },
    {"type": "track", "event": "Level Completed", **WHO, "properties": {"level": 3}},
    {"type": "identify", **WHO, "traits": {"plan": "pro"}},
    {"type": "page", **WHO, "name": "Home", "properties": {"path": "/"}},
    {"type": "screen", **WHO, "name": "Start"},
    {"type": "group", **WHO, "groupId": "g-1", "traits": {"seats": 5}},
    {"type": "alias", "userId": "u-1", "previousId": "a-1"},
]


async def stored(api: TenantApi, count: int) -> list[dict[str, Any]]:
    """Wait until a tenant's events are stored, and list them."""

    async def all_there() -> list[dict[str, Any]] | None:
        listed = [item async for item in api.pages("/api/v1/events", limit=100)]
        return listed if len(listed) >= count else None

    events: list[dict[str, Any]] = await eventually(all_there)
    assert len(events) == count
    return events


@pytest.fixture
async def bare(running: RunningStack) -> AsyncIterator[httpx.AsyncClient]:
    """Call the tenant plane as SDKs do: without any header that names the tenant."""
    async with httpx.AsyncClient(base_url=running.tenant_url, timeout=30, trust_env=False) as client:
        yield client


async def test_sdks_store_everything(running: RunningStack, tenant: ProvisionedTenant, api: TenantApi) -> None:
    """200 for all calls of each SDK whose host was changed, and every field in its place."""
    sent = (
        send(sdk, running.tenant_url, tenant.write_key, [call | {"userId": sdk} for call in CALLS]) for sdk in PROGRAMS
    )
    assert {line for lines in await asyncio.gather(*sent) for line in lines} == {"200"}
    events = await stored(api, len(PROGRAMS) * len(CALLS))
    for sdk in PROGRAMS:
        check_fields([event for event in events if event["user_id"] == sdk])


def check_fields(stored_events: list[dict[str, Any]]) -> None:
    """All calls of an SDK are stored as what they mean."""
    events = {event.get("event_name", event["event_type"]): event for event in stored_events}
    assert events.keys() == {"install", "purchase", "Level Completed", "identify", "page", "screen", "group", "alias"}
    install = events["install"]
    expected = {
        "platform": "android",
        "app_id": "com.example.shop",
        "app_version": "2.1",
        "os_version": "16",
        "device_id": "d-1",
        "device_model": "Pixel 9",
        "gaid": "38400000-8cf0-11bd-b23e-10b96e40000d",
        "language": "de-DE",
        "ip": "203.0.113.9",
        "user_agent": "Shop/2.1",
        "anonymous_id": "a-1",
        "media_source": "news",
        "campaign": "spring",
        "channel": "email",
        "ad": "top",
        "keyword": "shoes",
    }
    assert {name: install[name] for name in expected} == expected
    assert install["sdk_version"].startswith(("analytics-", "@segment/analytics-node/"))
    assert install["properties"] == {"context": {"timezone": "Europe/Berlin"}}
    purchase = events["purchase"]
    assert (float(purchase["revenue"]), purchase["currency"], purchase["order_id"]) == (19.99, "EUR", "o-1")
    assert (purchase["platform"], purchase["device_id"], purchase.get("ip")) == ("server", "a-1", None)
    assert purchase["properties"]["products"] == [{"sku": "s"}]
    assert events["identify"]["properties"]["plan"] == "pro"
    assert events["page"]["properties"] | {"name": "Home", "path": "/"} == events["page"]["properties"]
    assert events["group"]["properties"] == {"groupId": "g-1", "seats": 5}
    assert events["alias"]["properties"]["previousId"] == "a-1"


async def test_sdks_learn_that_their_key_is_wrong(running: RunningStack) -> None:
    """401 once, and each SDK says that it lost the events."""
    for lines in await asyncio.gather(*(send(sdk, running.tenant_url, "wk_wrong", CALLS[:1]) for sdk in PROGRAMS)):
        assert lines[0] == "401"
        assert [line.startswith("lost: ") for line in lines[1:]] == [True]


async def test_sdks_learn_that_a_body_is_too_large(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """413 once for more than 10 MiB, which only RudderStack's Node SDK can be made to send."""
    call = CALLS[2] | {"properties": {"text": "x" * (11 * 1024 * 1024)}}
    lines = await send("rudderstack-node", running.tenant_url, tenant.write_key, [call])
    assert lines == ["413", "lost: Request failed with status code 413"]


async def test_sdks_wait_when_told_to(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, bare: httpx.AsyncClient
) -> None:
    """429 past the tenant's rate, and each SDK tries again until its event is stored, once."""

    async def in_debt() -> bool:
        body = {"batch": [{"type": "page", "messageId": "m-1", **WHO}] * 40}
        answer = await bare.post("/v1/batch", json=body, auth=(tenant.write_key, ""))
        return answer.status_code == 429 and answer.json()["code"] == "rate-exceeded"

    async with AsyncExitStack() as stack:
        started_runs = (started(sdk, running.tenant_url, tenant.write_key) for sdk in [*PROGRAMS, *BROWSERS])
        runs = [await stack.enter_async_context(run) for run in started_runs]
        await asyncio.gather(*(run.load() for run in runs))
        await set_limits(running, tenant.tenant_id, events_per_second=8)
        await eventually(in_debt)
        for run in runs:
            run.make(CALLS[:1])
        for lines in await asyncio.gather(*(run.finish() for run in runs)):
            assert (set(lines), lines[-1]) == ({"429", "200"}, "200")
    await stored(api, len(runs) + 1)


async def test_every_path_and_way_to_carry_the_key(
    tenant: ProvisionedTenant, api: TenantApi, bare: httpx.AsyncClient
) -> None:
    """200 and nothing else at each path, with or without a slash at its end, for a key in any place."""
    long = ["track", "identify", "page", "screen", "group", "alias", "batch", "import"]
    short = ["t", "i", "p", "s", "g", "a", "b"]
    paths = [*(f"/v1/{name}" for name in long + short), *(f"/{name}" for name in short)]
    key = tenant.write_key
    ways: list[dict[str, Any]] = [
        {"auth": (key, "")},
        {"headers": {"Authorization": f"Bearer {key}"}},
        {"headers": {"X-Write-Key": key}},
        {"headers": {"X-Tenant-ID": tenant.tenant_id, "X-Write-Key": key}},
        {"headers": {"Host": tenant.host, "X-Write-Key": key}},
    ]
    sent = 0
    for path in [*paths, *(f"{path}/" for path in paths)]:
        sent += 1
        message = {"type": "track", "event": path, "messageId": f"m-{sent}", **WHO}
        is_batch = path.strip("/").rpartition("/")[2] in {"batch", "import", "b"}
        answer = await bare.post(path, json={"batch": [message]} if is_batch else message, **ways[sent % len(ways)])
        assert (answer.status_code, answer.content) == (200, DONE), path
    for body in ({"writeKey": key, "batch": [CALLS[2]]}, {"batch": [CALLS[2] | {"writeKey": key}]}):
        sent += 1
        answer = await bare.post("/v1/batch", json=body)
        assert (answer.status_code, answer.content) == (200, DONE)
    # What a page sends that is being left.
    beacon: dict[str, Any] = {"params": {"writeKey": key}, "headers": {"Content-Type": "text/plain"}}
    answer = await bare.post("/beacon/v1/batch", content=orjson.dumps({"batch": [CALLS[2]]}), **beacon)
    assert (answer.status_code, answer.content) == (200, DONE)
    assert (await bare.post("/beacon/v1/batch", json={"batch": [CALLS[2]]})).status_code == 401
    await stored(api, sent + 1)


async def test_takes_bodies_under_any_label(tenant: ProvisionedTenant, api: TenantApi, bare: httpx.AsyncClient) -> None:
    """200 for plain and gzip JSON, in one piece or in chunks, whatever the headers call it."""

    async def chunks(body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100):
            yield body[start : start + 100]

    labels = ["application/json", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream"]
    for number, label in enumerate(labels):
        plain = orjson.dumps({"batch": [CALLS[2] | {"messageId": f"m-{number}"}]})
        headers = {"Content-Type": label}
        packed = orjson.dumps({"batch": [CALLS[2] | {"messageId": f"z-{number}"}]})
        for content in (plain, gzip.compress(packed), chunks(gzip.compress(packed))):
            answer = await bare.post("/v1/batch", content=content, headers=headers, auth=(tenant.write_key, ""))
            assert (answer.status_code, answer.content) == (200, DONE), label
    await stored(api, 2 * len(labels))


async def test_keeps_what_cannot_be_an_event(
    tenant: ProvisionedTenant, api: TenantApi, bare: httpx.AsyncClient
) -> None:
    """200 though some or all messages are invalid; they are dead letters, with what is wrong of each."""
    auth = (tenant.write_key, "")
    for batch in ([CALLS[2], {"type": "track", "userId": "u-1"}, 7], [{"type": "trakc", "userId": "u-1"}], []):
        answer = await bare.post("/v1/batch", json={"batch": batch}, auth=auth)
        assert (answer.status_code, answer.content) == (200, DONE)
    await stored(api, 1)
    letters = (await api.get("/api/v1/events/rejected"))["data"]
    assert sorted(letter["errors"][0]["pointer"] for letter in letters) == ["", "/event_name", "/event_type"]
    mended = await api.post(
        "/api/v1/events/rejected/replay",
        {"reason": "required", "patch": {"event_type": "in_app", "event_name": "mended"}},
    )
    assert mended["accepted"] == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "unparseable-body"),
        (b'{"batch": [', 400, "unparseable-body"),
        (b"{}", 400, "unparseable-body"),
        (b'{"batch": {}}', 400, "unparseable-body"),
        (b'{"batch": [%b]}' % b",".join([b"1"] * 10_001), 413, "too-many-events"),
        (b"x" * (10 * 1024 * 1024 + 1), 413, "body-too-large"),
        (b"\x1f\x8bbroken", 415, "encoding-unsupported"),
        (b'{"writeKey": "wk_another", "batch": []}', 401, "key-invalid"),
        (b'{"batch": [{"type": "page"}, {"type": "page", "writeKey": "wk_another"}]}', 401, "key-invalid"),
    ],
)
async def test_refuses_broken_bodies(
    shared_tenant: ProvisionedTenant, bare: httpx.AsyncClient, body: bytes, status: int, code: str
) -> None:
    """A problem with the code and the message that SDKs read, for a body that is none."""
    answer = await bare.post("/v1/batch", content=body, auth=(shared_tenant.write_key, ""))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"]


async def test_all_that_names_a_tenant_must_agree(
    running: RunningStack, tenant: ProvisionedTenant, bare: httpx.AsyncClient
) -> None:
    """401 for a key without its tenant's host or id, in the same words as for no key at all."""
    other = await new_tenant(running)
    refused = [
        await bare.post("/v1/track", json=CALLS[2], headers=headers)
        for headers in (
            {"X-Write-Key": other.write_key, "X-Tenant-ID": tenant.tenant_id},
            {"X-Write-Key": other.write_key, "Host": tenant.host},
            {"X-Write-Key": "wk_none"},
            {},
        )
    ]
    assert {answer.status_code for answer in refused} == {401}
    assert len({str(answer.json() | {"instance": ""}) for answer in refused}) == 1


async def test_a_key_in_the_body_may_not_take_much(
    tenant: ProvisionedTenant, bare: httpx.AsyncClient, api: TenantApi
) -> None:
    """512 KiB, plain and packed alike, are enough for a batch, and nothing of a larger body is taken."""
    key = tenant.write_key
    largest = orjson.dumps({"writeKey": key, "batch": [CALLS[2] | {"messageId": "m-1"}]})
    largest += b" " * (512 * 1024 - len(largest))
    for content, status in ((largest, 200), (largest + b" ", 413), (gzip.compress(largest + b" "), 413)):
        answer = await bare.post("/v1/batch", content=content)
        assert answer.status_code == status
    assert answer.json()["detail"].startswith("A body may have 512 KiB")
    mixed = [CALLS[2] | {"writeKey": key}, CALLS[2] | {"writeKey": "wk_other"}]
    assert (await bare.post("/v1/batch", json={"batch": mixed})).status_code == 401
    await stored(api, 1)


async def test_nobody_can_hold_the_door(
    running: RunningStack, tenant: ProvisionedTenant, bare: httpx.AsyncClient
) -> None:
    """429 for one more body of nobody knows whom, while 100 do not end; who shows a key in the head is let in."""
    # More than the edge holds back.
    head = b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n{" + b" " * 100_000
    message = CALLS[2] | {"writeKey": tenant.write_key}
    writers = []
    for _ in range(running.stack.settings.limits.keyless_requests_at_once):
        _, writer = await asyncio.open_connection("127.0.0.1", running.stack.settings.ports.tenant)
        writer.write(head)
        writers.append(writer)

    async def refused() -> httpx.Response | None:
        answer = await bare.post("/v1/track", json=message)
        return answer if answer.status_code == 429 else None

    async def let_in() -> bool:
        return (await bare.post("/v1/track", json=message)).status_code == 200

    answer = await eventually(refused)
    assert (answer.json()["code"], answer.headers["Retry-After"]) == ("too-many-requests-at-once", "1")
    assert (await bare.post("/v1/track", json=message, auth=(tenant.write_key, ""))).status_code == 200
    for writer in writers:
        writer.close()
    await eventually(let_in)


async def test_browsers_may_call(tenant: ProvisionedTenant, bare: httpx.AsyncClient) -> None:
    """Pages of any origin may send and read the answer, a refusal too; other paths stay closed to them."""
    origin = {"Origin": "https://shop.example"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    for path in ("/v1/t", "/v1/batch/", "/p"):
        preflight = await bare.options(path, headers=origin | asked)
        assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (200, "*")
        assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower()
    for key, status in ((tenant.write_key, 200), ("wk_none", 401)):
        body = orjson.dumps(CALLS[2] | {"writeKey": key})
        answer = await bare.post("/v1/t", content=body, headers=origin | {"Content-Type": "text/plain"})
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")
    closed = await bare.options("/api/v1/events", headers=origin | asked)
    assert "Access-Control-Allow-Origin" not in closed.headers
