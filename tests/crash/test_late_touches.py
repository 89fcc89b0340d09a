"""SIGKILL between a late touch and the revision that it makes: no late touch is lost, no revision made twice."""

import asyncio
import secrets
from datetime import timedelta
from typing import Any

import httpx
import pytest

from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.crash.load import send_patiently
from tests.stack_fixtures import RunningStack, event, eventually, ndjson, new_tenant
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio

RECOMPUTE = "/api/v1/attributions/recompute"


@pytest.fixture(scope="module")
async def tenant(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant for all tests here: what takes long is the first call of its actor."""
    return await new_tenant(running)


def ago(**span: float) -> str:
    return (utc_now() - timedelta(**span)).isoformat()


async def revised(api: TenantApi, conversion_id: str, revision: int) -> dict[str, Any]:
    async def is_there() -> dict[str, Any] | None:
        found = await api.get(f"/api/v1/attributions/{conversion_id}")
        return found if found["revision"] >= revision else None

    result: dict[str, Any] = await eventually(is_there, seconds=30)
    return result


async def is_killed(running: RunningStack, point: str) -> None:
    """Wait until the process was killed at an armed point."""
    async with asyncio.timeout(20):
        while (running.failpoints / point).exists():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("point", ["actor_after_insert", "actor_before_mark", "actor_before_results"])
async def test_no_late_touch_is_lost(
    running: RunningStack, api: TenantApi, http: httpx.AsyncClient, point: str
) -> None:
    """Killed when the click is stored, when what it changes is known, or when its result is: revision 2 is the last."""
    device = secrets.token_hex(8)
    install = event("install", device_id=device)
    await send_patiently(http, ndjson([install]))
    assert (await revised(api, install["event_id"], 1))["is_organic"] is True
    (running.failpoints / point).touch()
    click = event(event_time=ago(hours=1), media_source="late_ads", device_id=device)
    await send_patiently(http, ndjson([click]))
    await is_killed(running, point)
    assert (await revised(api, install["event_id"], 2))["attributed_touch_id"] == click["event_id"]
    later = event("install")
    await send_patiently(http, ndjson([later]))
    await revised(api, later["event_id"], 1)
    causes = [each["cause"] for each in (await revised(api, install["event_id"], 2))["revisions"]]
    assert causes == ["first", "late_touch"]


async def test_a_recomputation_goes_on(running: RunningStack, api: TenantApi, http: httpx.AsyncClient) -> None:
    """Killed before a portion is recorded, it counts each of 30 conversions once and moves the 10 that it should."""
    events = []
    for place in range(30):
        device = secrets.token_hex(8)
        click = event(event_time=ago(days=35 if place < 10 else 31), media_source="ads", device_id=device)
        events += [click, event("install", event_time=ago(days=30), device_id=device)]
    await send_patiently(http, ndjson(events))
    for each in events[1::2]:
        await revised(api, each["event_id"], 1)
    (running.failpoints / "recompute_before_record").touch()
    asked = {"policy": {"click_windows_hours": {"vendor_id": 48}}, "from": ago(days=31), "to": ago(days=29)}
    begun = await api.post(RECOMPUTE, asked)
    await is_killed(running, "recompute_before_record")

    async def is_done() -> dict[str, Any] | None:
        found = await api.get(f"{RECOMPUTE}/{begun['recompute_id']}")
        return found if found["state"] == "done" else None

    shown = await eventually(is_done, seconds=30)
    assert (shown["conversions_done"], shown["moved"], shown["failed"]) == (30, 10, 0)
    assert {each["media_source"]: (each["before"], each["after"]) for each in shown["media_sources"]} == {
        "ads": (30, 20),
        "organic": (0, 10),
    }
