"""Policies, late touches and history under another policy: every answer a revision, none overwritten."""

import asyncio
import json
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, ago, event, eventually, new_tenant, result_of
from tests.tenant_api import TenantApi
from unmogrow.client import ProblemError

pytestmark = pytest.mark.anyio

PATH = "/api/v1/events/ingest"
RECOMPUTE = "/api/v1/attributions/recompute"


@pytest.fixture(scope="module")
async def tenant(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant for all tests here: what takes long is the first call of its actor."""
    return await new_tenant(running)


async def ended(api: TenantApi, recompute_id: str) -> dict[str, Any]:
    async def has_ended() -> dict[str, Any] | None:
        found = await api.get(f"{RECOMPUTE}/{recompute_id}")
        return found if found["state"] not in {"queued", "running"} else None

    record: dict[str, Any] = await eventually(has_ended)
    return record


async def test_a_late_touch_makes_a_revision(api: TenantApi, http: httpx.AsyncClient) -> None:
    """Organic, then the late click's; a late view that loses adds an assist, a repeat of the click nothing."""
    device = secrets.token_hex(8)
    install = event("install", device_id=device)
    await http.post(PATH, json=install)
    assert (await result_of(api, install["event_id"]))["is_organic"] is True
    click = event(event_time=ago(hours=1), media_source="late_ads", device_id=device)
    await http.post(PATH, json=click)
    result = await result_of(api, install["event_id"], revision=2)
    assert (result["media_source"], result["revisions"][1]["cause"]) == ("late_ads", "late_touch")
    assert [each["is_organic"] for each in result["revisions"]] == [True, False]
    view = event("impression", event_time=ago(hours=2), media_source="banner", device_id=device)
    old = event(event_time=ago(days=20), media_source="last_month", device_id=device)
    await http.post(PATH, json=[old, view])
    result = await result_of(api, install["event_id"], revision=3)
    assert (result["media_source"], result["contributors"]) == ("late_ads", [view["event_id"]])
    assert {each["field"] for each in result["revisions"][2]["changes"]} == {"contributors"}
    assert len(result["revisions"]) == 3


async def test_a_policy_is_drafted_adopted_and_taken_back(api: TenantApi, http: httpx.AsyncClient) -> None:
    """A version that differs is a new one, in force within two seconds; what is wrong with one is told by field."""
    listed = await api.get("/api/v1/policies")
    assert (listed["adopted_version"], listed["data"][0]["version"]) == (1, 1)
    shorter = listed["data"][0]["policy"] | {"view_through": False}
    drafted = await api.put("/api/v1/policies", {"policy": shorter, "note": "Clicks alone."})
    assert (drafted["version"], drafted["is_adopted"], drafted["note"]) == (2, False, "Clicks alone.")
    assert (await api.put("/api/v1/policies", {"policy": shorter}))["version"] == 2
    assert (await api.post("/api/v1/policies/2/adopt", {}))["is_adopted"] is True
    device = secrets.token_hex(8)

    async def under(version: int) -> dict[str, Any] | None:
        view = event("impression", event_time=ago(hours=1), media_source="tv", device_id=device)
        install = event("install", device_id=device)
        await http.post(PATH, json=[view, install])
        result = await result_of(api, install["event_id"])
        return result if result["policy_version"] == version else None

    assert (await eventually(lambda: under(2), seconds=3))["is_organic"] is True
    await api.post("/api/v1/policies/1/adopt", {})
    assert (await eventually(lambda: under(1), seconds=3))["media_source"] == "tv"
    with pytest.raises(ProblemError) as refused:
        await api.put("/api/v1/policies", {"policy": {"view_through": "yes"}})
    assert (refused.value.status, refused.value.document["errors"][0]["pointer"]) == (422, "/view_through")
    with pytest.raises(ProblemError) as refused:
        await api.post("/api/v1/policies/99/adopt", {})
    assert refused.value.status == 404


async def test_history_under_another_policy(api: TenantApi, http: httpx.AsyncClient) -> None:
    """The difference is shown and nothing changed; adopted, the moved conversions alone get a revision."""
    span = {"from": ago(days=50), "to": ago(days=40)}
    devices = [secrets.token_hex(8) for _ in range(4)]
    ages = [timedelta(days=1), timedelta(days=5), timedelta(days=6)]
    at = utc_now() - timedelta(days=45)
    clicks = [
        event(event_time=(at - age).isoformat(), media_source=f"ads_{age.days}", device_id=device)
        for device, age in zip(devices, ages, strict=False)
    ]
    installs = [event("install", event_time=at.isoformat(), device_id=device) for device in devices]
    await http.post(PATH, json=[*clicks, *installs])
    for each in installs:
        await result_of(api, each["event_id"])
    policy = {"click_windows_hours": dict.fromkeys(("advertising_id", "vendor_id"), 72)}
    begun = await api.post(RECOMPUTE, {"policy": policy, **span})
    assert begun["state"] in {"queued", "running"}
    shown = await ended(api, begun["recompute_id"])
    assert (shown["state"], shown["conversions"], shown["conversions_done"], shown["moved"]) == ("done", 4, 4, 2)
    assert {each["media_source"]: (each["before"], each["after"]) for each in shown["media_sources"]} == {
        "ads_1": (1, 1),
        "ads_5": (1, 0),
        "ads_6": (1, 0),
        "organic": (1, 3),
    }
    assert {each["conversion_id"] for each in shown["examples"]} == {installs[1]["event_id"], installs[2]["event_id"]}
    assert all(each["changes"]["media_source"][1] == "organic" for each in shown["examples"])
    assert (await result_of(api, installs[1]["event_id"]))["revision"] == 1

    adopted = await api.post(f"{RECOMPUTE}/{begun['recompute_id']}/adopt", {})
    assert adopted["state"] == "adopted"
    assert (await api.get("/api/v1/policies"))["adopted_version"] == shown["policy_version"]
    for moved in installs[1:3]:
        result = await result_of(api, moved["event_id"], revision=2)
        assert (result["is_organic"], result["revisions"][1]["cause"]) == (True, "recompute")
        assert result["policy_version"] == shown["policy_version"]
    assert [(await result_of(api, installs[place]["event_id"]))["revision"] for place in (0, 3)] == [1, 1]

    again = await api.post(RECOMPUTE, {"policy_version": 1, "dry_run": False, **span})
    assert (await ended(api, again["recompute_id"]))["state"] == "adopted"
    result = await result_of(api, installs[2]["event_id"], revision=3)
    assert [each["media_source"] for each in result["revisions"]] == ["ads_6", "organic", "ads_6"]
    assert [each["recompute_id"] for each in (await api.get(RECOMPUTE, limit=2))["data"]] == [
        again["recompute_id"],
        begun["recompute_id"],
    ]


async def test_on_the_command_line(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """A policy is shown, changed, set, compared, tried on history and adopted; `explain` tells the revisions."""
    device, at = secrets.token_hex(8), utc_now() - timedelta(days=70)
    click = event(event_time=(at - timedelta(days=5)).isoformat(), media_source="radio", device_id=device)
    install = event("install", event_time=at.isoformat(), device_id=device)
    await http.post(PATH, json=[click, install])
    await result_of(api, install["event_id"])
    options = ["--tenant", tenant.tenant_id, "--url", running.tenant_url, "--email", tenant.owner_email]
    options += ["--password", tenant.owner_password or ""]

    async def said(*arguments: str) -> Result:
        done = await asyncio.to_thread(CliRunner(env={"COLUMNS": "200"}).invoke, app, [*arguments, *options])
        assert done.exit_code == 0, done.output
        return done

    policy = json.loads((await said("policy", "show", "1")).stdout)
    policy["click_windows_hours"]["vendor_id"] = 96
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy), encoding="utf-8")
    made = (await said("policy", "set", str(file), "--note", "Four days.")).output
    version = made.split()[1].rstrip(":")
    assert "a draft" in made
    assert "/click_windows_hours/vendor_id" in (await said("policy", "diff", "1", version)).output
    span = ("--from", f"{at - timedelta(days=1):%Y-%m-%d}", "--to", f"{at + timedelta(days=1):%Y-%m-%d}")
    tried = (await said("recompute", "--policy-version", version, *span, "--adopt")).output
    assert all(word in tried for word in ("radio", "organic", "1 of 1 conversions move", "adopted")), tried
    await result_of(api, install["event_id"], revision=2)
    explained = (await said("explain", install["event_id"])).output
    assert all(word in explained for word in ("Revisions", "first: radio", "recompute: organic")), explained
    assert "in force" in (await said("policy", "adopt", "1")).output


async def test_refuses_what_cannot_be_recomputed(api: TenantApi) -> None:
    """422 without a policy, with two, and for a span that ends before it begins; 404 for what is not there."""
    span = {"from": ago(days=2), "to": ago(days=1)}
    for wrong in ({}, {"policy_version": 1, "policy": {}}, {"policy_version": 1, "from": ago(), "to": ago(days=1)}):
        with pytest.raises(ProblemError) as refused:
            await api.post(RECOMPUTE, span | wrong)
        assert refused.value.status == 422
    for path in (f"{RECOMPUTE}/nothing", f"{RECOMPUTE}/nothing/adopt"):
        with pytest.raises(ProblemError) as refused:
            await (api.post(path, {}) if path.endswith("adopt") else api.get(path))
        assert (refused.value.status, refused.value.document["code"]) == (404, "recompute-unknown")
