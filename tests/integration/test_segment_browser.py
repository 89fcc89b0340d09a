"""SDKs for browsers in a real browser, on a page of another origin, and the settings that they load first."""

import asyncio
from typing import Any

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.sdk_runs import BROWSERS, send
from tests.stack_fixtures import RunningStack, api_of, eventually, new_tenant

pytestmark = pytest.mark.anyio

CALLS: list[dict[str, Any]] = [
    {"type": "page", "name": "Home", "properties": {"theme": "dark"}},
    {"type": "identify", "userId": "u-1", "traits": {"plan": "pro"}},
    {
        "type": "track",
        "event": "Order Completed",
        "properties": {"revenue": 19.99, "currency": "EUR", "order_id": "o-1"},
    },
]
ORIGIN = {"Origin": "https://shop.example"}


async def test_pages_store_everything(running: RunningStack) -> None:
    """A page that loads the SDK from its own origin and names our host sends here alone, and all is stored."""
    tenants = {sdk: await new_tenant(running) for sdk in BROWSERS}
    sent = (send(sdk, running.tenant_url, tenant.write_key, CALLS) for sdk, tenant in tenants.items())
    assert await asyncio.gather(*sent) == [["200"] * len(CALLS)] * len(BROWSERS)
    for tenant in tenants.values():
        events = await stored_by_name(running, tenant)
        assert events.keys() == {"page", "identify", "purchase"}
        assert {event["platform"] for event in events.values()} == {"web"}
        assert len({event["device_id"] for event in events.values()}) == 1
        assert "HeadlessChrome" in events["page"]["user_agent"]
        assert events["page"]["properties"]["context"]["page"]["title"] == "Shop"
        assert (events["page"]["properties"]["name"], events["page"]["properties"]["theme"]) == ("Home", "dark")
        assert (events["identify"]["user_id"], events["identify"]["properties"]["plan"]) == ("u-1", "pro")
        purchase = events["purchase"]
        assert (purchase["user_id"], float(purchase["revenue"]), purchase["order_id"]) == ("u-1", 19.99, "o-1")


async def stored_by_name(running: RunningStack, tenant: ProvisionedTenant) -> dict[str, dict[str, Any]]:
    """Wait until a tenant's events are stored, and give them by what they are."""
    async with api_of(running, tenant) as api:

        async def all_there() -> list[dict[str, Any]] | None:
            listed = [item async for item in api.pages("/api/v1/events", limit=100)]
            return listed if len(listed) >= len(CALLS) else None

        return {event.get("event_name", event["event_type"]): event for event in await eventually(all_there)}


async def test_a_page_learns_that_its_key_is_wrong(running: RunningStack) -> None:
    """404 for the settings, of which Segment's SDK tells the page, and nothing is sent."""
    lines = await send("segment-browser", running.tenant_url, "wk_wrong", CALLS[:1])
    assert [line.startswith("lost: ") and "Invalid write key" in line for line in lines] == [True]


async def test_settings(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """What the SDKs read names the host and the scheme that the page used, and nobody else."""
    host, key = f"{tenant.host}:{running.stack.settings.ports.tenant}", tenant.write_key
    async with httpx.AsyncClient(base_url=running.tenant_url, trust_env=False, headers=ORIGIN) as bare:
        answer = await bare.get(f"/v1/projects/{key}/settings", headers={"Host": host})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, max-age=60")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        segment = answer.json()["integrations"].pop("Segment.io")
        assert segment == {"apiKey": key, "apiHost": f"{host}/v1", "protocol": "http"}
        assert answer.json()["integrations"].keys() == {"Segment.io"}
        assert answer.json()["metrics"] == {"sampleRate": 0}
        # Only a trusted proxy is believed that the page used another scheme.
        answer = await bare.get(f"/v1/projects/{key}/settings", headers={"X-Forwarded-Proto": "https"})
        assert answer.json()["integrations"]["Segment.io"]["protocol"] == "http"
        for path in ("/sourceConfig", "/sourceConfig/"):
            for way in ({"auth": (key, "")}, {"params": {"writeKey": key}}):
                answer = await bare.get(path, **way)
                source = answer.json()["source"]
                assert (source["writeKey"], source["enabled"], source["destinations"]) == (key, True, [])
            asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
            assert (await bare.options(path, headers=asked)).headers["Access-Control-Allow-Origin"] == "*"


async def test_settings_of_unknown_keys(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """404 in the same words for no key, a wrong one, and one of another tenant than the host's."""
    other = await new_tenant(running)
    async with httpx.AsyncClient(base_url=running.tenant_url, trust_env=False, headers=ORIGIN) as bare:
        refused = [
            await bare.get("/v1/projects/wk_wrong/settings"),
            await bare.get(f"/v1/projects/{other.write_key}/settings", headers={"Host": tenant.host}),
            await bare.get("/sourceConfig"),
            await bare.get("/sourceConfig/", auth=("wk_wrong", "")),
        ]
    assert {(answer.status_code, answer.headers["Access-Control-Allow-Origin"]) for answer in refused} == {(404, "*")}
    assert len({str(answer.json() | {"instance": ""}) for answer in refused}) == 1
