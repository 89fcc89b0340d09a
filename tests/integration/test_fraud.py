"""Fraud rules on the real stack: what is rejected, what is only flagged, and what people make of it."""

import asyncio
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from cli.main import app
from storage.postgres.connect import Databases
from storage.postgres.fraud_reviews import FraudReviews
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, ago, api_of, event, eventually, new_tenant, result_of
from tests.tenant_api import TenantApi
from unmogrow.client import ProblemError
from unmogrow.client.transport import Call

pytestmark = pytest.mark.anyio

PATH = "/api/v1/events/ingest"


@pytest.fixture(scope="module")
async def tenant(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant for all tests here: what takes long is the first call of its actor."""
    return await new_tenant(running)


async def test_an_injected_click_loses_to_the_next_valid_one(api: TenantApi, http: httpx.AsyncClient) -> None:
    """The click after the install's begin is rejected, with its evidence; the honest one before it wins."""
    device = secrets.token_hex(8)
    honest = event(event_time=ago(hours=3), media_source="honest", device_id=device)
    injected = event(event_time=ago(seconds=30), media_source="injector", device_id=device, site_id="s-9")
    install = event("install", device_id=device, install_begin_time=ago(seconds=40))
    await http.post(PATH, json=[honest, injected, install])
    result = await result_of(api, install["event_id"])
    assert (result["media_source"], result["attributed_touch_id"]) == ("honest", honest["event_id"])
    reasons = {each["touch"]["media_source"]: each["reason"] for each in result["candidates"]}
    assert reasons == {"injector": "fraud:click_injection", "honest": "won"}
    fraud = result["fraud"]
    assert (fraud["verdict"], fraud["rules"]) == ("rejected", ["click_injection"])
    assert fraud["conversion_verdict"] == "valid"
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
    result = await result_of(api, install["event_id"])
    fraud = result["fraud"]
    assert (result["media_source"], fraud["verdict"]) == ("fast", "suspect")
    assert {"short_ctit", "install_hijacking", "impossible_travel", "geo_mismatch", "impossible_version"} == set(
        fraud["rules"]
    )
    assert fraud["if_on_media_source"] == "organic"


async def test_what_is_on_a_list_is_rejected(api: TenantApi, http: httpx.AsyncClient) -> None:
    """A click from a listed network loses, one from elsewhere wins; a wrong line is named and changes nothing."""
    await api.put("/api/v1/fraud/lists/ip", {"entries": ["# ours", "203.0.113.0/24"]})
    with pytest.raises(ProblemError) as refused:
        await api.put("/api/v1/fraud/lists/ip", {"entries": ["198.51.100.0/24", "198.51.100.1/24"]})
    assert refused.value.document["code"] == "fraud-list-invalid"
    assert refused.value.document["errors"][0]["index"] == 2
    assert (await api.get("/api/v1/fraud/lists/ip"))["entries"] == ["203.0.113.0/24"]

    async def is_rejected() -> bool:
        device = secrets.token_hex(8)
        listed = event(event_time=ago(hours=1), media_source="listed", device_id=device, ip="203.0.113.77")
        other = event(event_time=ago(hours=2), media_source="other", device_id=device, ip="192.0.2.1")
        install = event("install", device_id=device, ip="192.0.2.1")
        await http.post(PATH, json=[listed, other, install])
        result = await result_of(api, install["event_id"])
        return bool(result["media_source"] == "other" and result["fraud"]["rules"] == ["blocked_ip"])

    assert await eventually(is_rejected)


async def test_a_preview_is_what_then_happens(api: TenantApi, http: httpx.AsyncClient) -> None:
    """What a preview moves, a review moves after the policy was adopted; the revision says that fraud was the cause."""
    fast = []
    for number in range(6):
        device = secrets.token_hex(8)
        seconds = 4 if number < 3 else 600
        clicks = [event(event_time=ago(seconds=seconds + 5), media_source="quick", device_id=device, cost_value=2)]
        clicks[0]["cost_currency"] = "EUR"
        install = event("install", device_id=device, event_time=ago(seconds=5), country="FR")
        fast.append(install["event_id"])
        await http.post(PATH, json=[*clicks, install])
    results = [await result_of(api, each) for each in fast]
    assert [each["fraud"]["verdict"] for each in results] == ["suspect"] * 3 + ["valid"] * 3
    policy = {"short_ctit": {"mode": "on"}}

    async def previewed() -> dict[str, Any] | None:
        found = await api.post("/api/v1/fraud/preview", policy)
        counted = {each["media_source"]: each for each in found["sources"]}
        return found if counted.get("quick", {}).get("installs") == 6 else None

    preview = await eventually(previewed)
    moved = [each for each in preview["moves"] if each["from_media_source"] == "quick" and each["mode"] == "on"]
    assert [(each["to_media_source"], each["conversions"]) for each in moved] == [("organic", 3)]
    assert {"now": "suspect", "then": "rejected", "conversions": 4} in preview["agreement"]
    assert preview["cost_rejected"] == [{"currency": "EUR", "amount": "6"}]

    version = (await api.put("/api/v1/policies", {"policy": {"fraud": policy}}))["version"]
    await api.post(f"/api/v1/policies/{version}/adopt", {})
    review = await api.post("/api/v1/fraud/reviews", {"days": 1})

    async def reviewed() -> dict[str, Any] | None:
        found = await api.get(f"/api/v1/fraud/reviews/{review['review_id']}")
        return found if found["state"] == "done" else None

    assert (await eventually(reviewed))["changed"] >= 3

    async def moved_now() -> bool:
        now = [await api.get(f"/api/v1/attributions/{each}") for each in fast]
        return [each["media_source"] for each in now] == ["organic"] * 3 + ["quick"] * 3

    assert await eventually(moved_now)
    revisions = (await api.get(f"/api/v1/attributions/{fast[0]}"))["revisions"]
    assert revisions[-1]["cause"] == "fraud"


async def test_a_review_finds_a_site_that_floods(api: TenantApi, http: httpx.AsyncClient) -> None:
    """Of 120 installs at random times after the click and as many within minutes, the former get a new revision."""
    events: list[dict[str, Any]] = []
    installs: dict[str, list[str]] = {"flood": [], "fine": []}
    for number in range(240):
        site = "flood" if number % 2 else "fine"
        device, minutes = secrets.token_hex(8), 5 + number * 6 if site == "flood" else 5 + number / 20
        of_app = {"device_id": device, "app_id": "app.flooded"}
        install = event("install", event_time=ago(minutes=2), **of_app)
        events += [event(event_time=ago(minutes=2 + minutes), media_source="net", site_id=site, **of_app), install]
        installs[site].append(install["event_id"])
    await http.post(PATH, json=events)
    await result_of(api, installs["flood"][-1])

    async def is_counted() -> bool:
        found = await api.get("/api/v1/reports/fraud", filter="media_source=net")
        return bool(sum(each["installs"] for each in found["ctit"]) == 240)

    assert await eventually(is_counted)
    review = await api.post("/api/v1/fraud/reviews", {"days": 1})

    async def is_flagged() -> bool:
        result = await api.get(f"/api/v1/attributions/{installs['flood'][0]}")
        return "click_flooding" in result["fraud"]["rules"] and len(result["revisions"]) == 2

    assert await eventually(is_flagged)
    assert (await api.get(f"/api/v1/fraud/reviews/{review['review_id']}"))["sites"] == 1
    fine = await api.get(f"/api/v1/attributions/{installs['fine'][0]}")
    assert (fine["fraud"]["rules"], len(fine["revisions"])) == ([], 1)


async def test_the_report_counts_and_measures(api: TenantApi, http: httpx.AsyncClient) -> None:
    """Claims by rule and source with the precision by labels; a label needs a finding; times in buckets."""
    device = secrets.token_hex(8)
    click = event(event_time=ago(minutes=3), media_source="abroad", site_id="s-1", device_id=device, country="DE")
    install = event("install", device_id=device, country="BR")
    await http.post(PATH, json=[click, install])
    await result_of(api, install["event_id"])
    label = {"conversion_id": install["event_id"], "rule": "geo_mismatch", "is_fraud": False, "note": "a tourist"}
    assert (await api.post("/api/v1/fraud/labels", label))["data"][0]["is_fraud"] is False
    with pytest.raises(ProblemError) as refused:
        await api.post("/api/v1/fraud/labels", label | {"rule": "click_flooding"})
    assert refused.value.document["code"] == "verdict-unknown"

    async def spread() -> dict[str, Any] | None:
        found = await api.get("/api/v1/reports/fraud", filter="media_source=abroad", tz="Asia/Tokyo")
        return found if found["ctit"] else None

    found = await eventually(spread)
    rules = {each["rule"]: each for each in found["rules"]}
    assert (rules["geo_mismatch"]["claims"], rules["geo_mismatch"]["precision"]) == (1, 0.0)
    assert rules["impossible_travel"]["precision"] is None
    assert {(each["media_source"], each["site_id"]) for each in found["sites"]} == {("abroad", "s-1")}
    assert sum(found["ctit"][0]["histogram"]) == found["ctit"][0]["installs"] == 1
    assert len(found["ctit_bucket_seconds"]) == len(found["ctit"][0]["baseline"])
    assert {"shadow"} == {each["mode"] for each in found["moves"]}
    asked = {"filter": "media_source=abroad", "tz": "Asia/Tokyo"}
    (judged,) = (await api.get("/api/v1/fraud/findings", rule="geo_mismatch", limit=1, **asked))["data"]
    assert (judged["conversion_id"], judged["claimed_site_id"]) == (install["event_id"], "s-1")
    (finding,) = judged["findings"]
    assert (finding["touch_id"], finding["is_fraud"]) == (click["event_id"], False)
    assert finding["evidence"]
    assert (await api.get("/api/v1/fraud/findings", rule="click_flooding", **asked))["data"] == []


async def test_the_report_is_broken_down_as_others_are(api: TenantApi, http: httpx.AsyncClient) -> None:
    """By campaign and site, only what fits the filter, in JSON and in CSV; by what claims do not have, not at all."""
    device = secrets.token_hex(8)
    named = {"media_source": "parted", "campaign": "100% off", "site_id": "s-2"}
    click = event(event_time=ago(minutes=3), device_id=device, country="DE", **named)
    install = event("install", device_id=device, country="BR")
    await http.post(PATH, json=[click, install])
    await result_of(api, install["event_id"])
    asked = {"breakdown": "campaign,site_id", "filter": "media_source=parted;campaign~100% OFF;site_id!=s-1"}
    found = await api.get("/api/v1/reports/fraud", **asked)
    rows = {row["rule"]: row for row in found["data"]}
    row = rows["geo_mismatch"]
    assert (row["campaign"], row["site_id"], row["mode"], row["claims"]) == ("100% off", "s-2", "shadow", 1)
    assert {row["rule"] for row in found["rules"]} == set(rows)
    none = await api.get("/api/v1/reports/fraud", **asked | {"filter": "media_source=parted;campaign~1000"})
    assert none["data"] == []
    text = (await api.answer(Call("GET", "/api/v1/reports/fraud", asked, {"Accept": "text/csv"}))).text
    assert text.startswith("campaign,site_id,rule,mode,conversions,claims,moved,confirmed,refuted,precision")
    assert "100% off,s-2,geo_mismatch,shadow,1,1," in text
    with pytest.raises(ProblemError, match="breakdown"):
        await api.get("/api/v1/reports/fraud", breakdown="country")


async def test_reviews_that_wait_are_limited(running: RunningStack) -> None:
    """With five unfinished, the next is told to come back, and when."""
    made = await new_tenant(running)
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    reviews, now = FraudReviews(databases.tenant(made.tenant_id)), utc_now()
    # Nobody is at work for this tenant yet: they wait.
    waiting = [await reviews.add(now - timedelta(days=1), now) for _ in range(5)]
    async with api_of(running, made) as api, httpx.AsyncClient(base_url=running.tenant_url, trust_env=False) as bare:
        headers = await api.authorization() | {"X-Tenant-ID": made.tenant_id}
        # The client would come back, as it is told.
        refused = await bare.post("/api/v1/fraud/reviews", json={"days": 1}, headers=headers, timeout=30)
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-reviews")
    assert int(refused.headers["Retry-After"]) > 0
    assert len({each.review_id for each in waiting}) == 5
    await databases.close()


async def test_fraud_on_the_command_line(running: RunningStack, tenant: ProvisionedTenant, tmp_path: Path) -> None:
    """`unmogrow fraud` replaces and prints a list, previews, reviews and reports."""
    ranges = tmp_path / "ranges.txt"
    ranges.write_text("# a cloud\n2001:db8::/32\n", encoding="utf-8")
    user = ["--email", tenant.owner_email, "--password", tenant.owner_password or ""]
    place = ["--tenant", tenant.tenant_id, "--url", running.tenant_url, *user]
    for command, said in (
        (["lists", "datacenter", "--file", str(ranges)], "1 entries"),
        (["lists", "datacenter"], "2001:db8::/32"),
        (["preview", "--on", "geo_mismatch"], "installs"),
        (["review", "--days", "1"], "judged"),
        (["report", "--days", "1"], "By rule"),
    ):
        shown = await asyncio.to_thread(CliRunner().invoke, app, ["fraud", *command, *place])
        assert shown.exit_code == 0, shown.output
        assert said in shown.output
