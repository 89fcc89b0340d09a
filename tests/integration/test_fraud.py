"""Fraud rules on the real stack: what is rejected, what is only flagged, and what people make of it."""

import secrets
from datetime import timedelta
from typing import Any

import httpx
import pytest

from cli.tenant_api import TenantApi
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, event, eventually, new_tenant

pytestmark = pytest.mark.anyio

PATH = "/api/v1/events/ingest"


@pytest.fixture(scope="module")
async def tenant(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant for all tests here: what takes long is the first call of its actor."""
    return await new_tenant(running)


def ago(**span: float) -> str:
    return (utc_now() - timedelta(**span)).isoformat()


async def attributed(api: TenantApi, conversion_id: str) -> dict[str, Any]:
    async def found() -> dict[str, Any] | None:
        result = await api.get(f"/api/v1/attributions/{conversion_id}")
        return result if result["state"] == "attributed" else None

    result: dict[str, Any] = await eventually(found)
    return result


async def test_an_injected_click_loses_to_the_next_valid_one(api: TenantApi, http: httpx.AsyncClient) -> None:
    """The click after the install's begin is rejected, with its evidence; the honest one before it wins."""
    device = secrets.token_hex(8)
    honest = event(event_time=ago(hours=3), media_source="honest", device_id=device)
    injected = event(event_time=ago(seconds=30), media_source="injector", device_id=device, site_id="s-9")
    install = event("install", device_id=device, install_begin_time=ago(seconds=40))
    await http.post(PATH, json=[honest, injected, install])
    result = await attributed(api, install["event_id"])
    assert (result["media_source"], result["attributed_touch_id"]) == ("honest", honest["event_id"])
    reasons = {each["touch"]["media_source"]: each["reason"] for each in result["candidates"]}
    assert reasons == {"injector": "fraud:click_injection", "honest": "won"}
    fraud = result["fraud"]
    assert (fraud["verdict"], fraud["rules"]) == ("rejected", ["click_injection"])
    assert (fraud["claimed_media_source"], fraud["claimed_site_id"]) == ("injector", "s-9")
    finding = next(each for each in fraud["findings"] if each["rule"] == "click_injection")
    assert finding["evidence"]["ctit_seconds"] == pytest.approx(-10, abs=1)
    assert finding["explanation"].startswith("Clicked ")


async def test_a_rule_in_shadow_flags_and_changes_nothing(api: TenantApi, http: httpx.AsyncClient) -> None:
    """A click 2 s before the install, from the other end of the world, keeps it; the result says what would be."""
    device = secrets.token_hex(8)
    before = event(event_time=ago(hours=5), media_source="honest", device_id=device, country="DE")
    click = event(event_time=ago(seconds=3), media_source="fast", device_id=device, country="BR")
    install = event("install", device_id=device, country="DE", os_version="99", event_time=ago(seconds=1))
    await http.post(PATH, json=[before, click, install])
    result = await attributed(api, install["event_id"])
    fraud = result["fraud"]
    assert (result["media_source"], fraud["verdict"]) == ("fast", "suspect")
    assert {"short_ctit", "install_hijacking", "impossible_travel", "geo_mismatch", "impossible_version"} == set(
        fraud["rules"]
    )
    assert fraud["if_on_media_source"] == "organic"
