"""What a conversion is and where its source comes from, on the real stack."""

import secrets
from typing import Any

import httpx
import orjson
import pytest

from attribution.consent import consent_of
from attribution.fingerprint import fingerprint_keys
from schemas.ids import TenantId
from schemas.touchpoints import Consent, MatchKey, MatchType
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.key_rows import key_hash
from storage.names import clickhouse_tables
from storage.postgres.connect import Databases
from storage.postgres.directory import DirectoryWriter
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, ago, event, eventually, new_tenant
from tests.tenant_api import TenantApi
from unmogrow.client import ProblemError

pytestmark = pytest.mark.anyio

PATH = "/api/v1/events/ingest"
CHROME = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0 Mobile Safari/537.36"
)
HIDDEN = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile Safari/537.36"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"


@pytest.fixture(scope="module")
async def tenant(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant for all tests here: what takes long is the first call of its actor."""
    return await new_tenant(running)


def address() -> str:
    return f"2001:DB8::{secrets.token_hex(2)}"


async def results(api: TenantApi, http: httpx.AsyncClient, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """Send events, and give the results of those that are conversions, in their order."""
    answer = await http.post(PATH, json=list(events))
    assert answer.json()["rejected"] == []
    found = []
    for each in events:
        if each["event_type"] in {"click", "impression"} or (
            each["event_type"] == "session" and "deep_link" not in each
        ):
            continue

        async def attributed(conversion_id: str = each["event_id"]) -> dict[str, Any] | None:
            result: dict[str, Any] = await api.get(f"/api/v1/attributions/{conversion_id}")
            assert result["state"] != "failed", result["failure"]
            return result if result["state"] == "attributed" else None

        found.append(await eventually(attributed))
    return found


async def test_a_likeness_matches_with_less_confidence(api: TenantApi, http: httpx.AsyncClient) -> None:
    """Probabilistic, at 0.67 for the only device of its address and at 0.4 for the second; never after 24 hours."""
    ip = address()
    clicks = [
        event(event_time=ago(hours=2), media_source="banner", ip=ip.lower(), user_agent=HIDDEN, platform="web"),
        event(event_time=ago(hours=25), media_source="old", ip=ip, user_agent=CHROME, platform="web"),
    ]
    install = event("install", event_time=ago(hours=1), ip=ip, os_version="14", platform="android")
    second = event("install", ip=ip, os_version="14.0", platform="android")
    first, other = await results(api, http, *clicks, install, second)
    assert (first["media_source"], first["match_type"]) == ("banner", "probabilistic")
    assert (first["match_confidence"], other["match_confidence"]) == (pytest.approx(2 / 3), pytest.approx(0.4))
    assert "IP address and device" in first["candidates"][0]["explanation"]


async def test_ios_without_consent_is_not_matched_by_likeness(api: TenantApi, http: httpx.AsyncClient) -> None:
    """Organic, and the result says what was withheld; with consent on both sides it matches."""
    ip = address()
    web = {"ip": ip, "user_agent": SAFARI, "platform": "ios"}
    app = {"ip": ip, "os_version": "17.2", "platform": "ios"}
    granted: dict[str, Any] = {"consent": {"ad_storage": "granted"}}
    click = event(event_time=ago(hours=2), media_source="banner", **web, **granted)
    silent = event("install", event_time=ago(hours=1), **app)
    asked = event("install", att_status="authorized", **app)
    without, with_consent = await results(api, http, click, silent, asked)
    assert (without["is_organic"], without["candidates"], without["withheld_matches"]) == (True, [], ["probabilistic"])
    assert (with_consent["media_source"], with_consent["match_type"]) == ("banner", "probabilistic")


async def test_an_advertising_id_is_not_used_against_the_will(api: TenantApi, http: httpx.AsyncClient) -> None:
    """`no_consent`, whether the install or the touch says that it was denied."""
    denied: dict[str, Any] = {"consent": {"ad_user_data": "denied"}}
    gaid, other = (f"38400000-8cf0-11bd-b23e-{secrets.token_hex(6)}" for _ in range(2))
    refusing = event("install", gaid=gaid, **denied)
    install = event("install", gaid=other)
    touches = [event(event_time=ago(hours=1), gaid=gaid), event(event_time=ago(hours=1), gaid=other, **denied)]
    for result in await results(api, http, *touches, refusing, install):
        assert result["is_organic"]
        assert [each["reason"] for each in result["candidates"]] == ["no_consent"]


async def test_a_device_that_had_the_app_is_won_back(api: TenantApi, http: httpx.AsyncClient) -> None:
    """Install, reinstall, re-attribution, and a purchase of each time with the source it inherits."""
    device = {"device_id": secrets.token_hex(8), "app_id": "com.demo"}
    bought = {"revenue": "1.00", "currency": "EUR", **device}
    sent = [
        event(event_time=ago(days=41), media_source="meta", campaign="one", **device),
        event("install", event_time=ago(days=40), **device),
        event("install", event_time=ago(days=39), **device),
        event("purchase", event_time=ago(days=38), **bought),
        event(event_time=ago(days=21), media_source="email", **device),
        event("reinstall", event_time=ago(days=20), **device),
        event("purchase", event_time=ago(days=10), **bought),
    ]
    first, again, early, back, late = await results(api, http, *sent)
    kinds = [each["conversion_kind"] for each in (first, again, early, back, late)]
    assert kinds == ["install", "reinstall", "purchase", "re_attribution", "purchase"]
    assert [each["media_source"] for each in (first, again, early, back, late)] == ["meta"] * 3 + ["email"] * 2
    assert [each["install_id"] for each in (first, again, early)] == [first["conversion_id"]] * 3
    assert [each["install_id"] for each in (back, late)] == [back["conversion_id"]] * 2
    assert again["candidates"][0]["reason"] == "outside_window"
    assert early["campaign"] == "one"
    assert early["contributors"] == []
    assert late["first_install_time"] == first["conversion_time"]


async def test_a_click_after_a_week_away_is_a_re_engagement(api: TenantApi, http: httpx.AsyncClient) -> None:
    """Of who was away, for 30 days; who was there yesterday is no re-engagement."""
    away, busy = ({"device_id": secrets.token_hex(8), "app_id": "com.demo"} for _ in range(2))
    bought = {"revenue": "1.00", "currency": "EUR"}
    histories = [
        [
            event(event_time=ago(days=61), media_source="meta", **device),
            event("install", event_time=ago(days=60), **device),
            event("session", event_time=ago(days=seen), **device),
            event(event_time=ago(days=50, minutes=1), media_source="push", **device),
            event("session", event_time=ago(days=50), deep_link="app://sale", **device),
            event("purchase", event_time=ago(days=40), **bought, **device),
            event("purchase", event_time=ago(days=19), **bought, **device),
        ]
        for device, seen in ((away, 58), (busy, 51))
    ]
    install, back, soon, later = await results(api, http, *histories[0])
    assert [each["conversion_kind"] for each in (install, back)] == ["install", "re_engagement"]
    assert [each["media_source"] for each in (back, soon, later)] == ["push", "push", "meta"]
    assert (soon["install_id"], later["install_id"]) == (back["conversion_id"], install["conversion_id"])
    _, stayed, bought_then, _ = await results(api, http, *histories[1])
    assert (stayed["conversion_kind"], stayed["media_source"], bought_then["media_source"]) == (
        "session",
        "meta",
        "meta",
    )
    assert stayed["credits"]["last_touch"] == {"push": 1.0}


async def test_a_claim_is_a_candidate_at_its_claimed_time(api: TenantApi, http: httpx.AsyncClient) -> None:
    """A network's claim of a later click wins over an earlier click, and says that it is a claim."""
    device = {"device_id": secrets.token_hex(8)}
    own = event(event_time=ago(hours=5), media_source="banner", **device)
    claim = event(event_time=ago(hours=2), media_source="meta_ads", properties={"claimed": True}, **device)
    (result,) = await results(api, http, own, claim, event("install", **device))
    assert (result["media_source"], result["attributed_touch_id"]) == ("meta_ads", claim["event_id"])
    assert result["candidates"][0]["touch"]["is_claimed"] is True
    assert result["candidates"][0]["explanation"].startswith("Claimed by meta_ads as clicked 2 h before")


async def test_a_purchase_finds_its_touches_though_no_install_is_known(api: TenantApi, http: httpx.AsyncClient) -> None:
    """Its own journey decides, and it has no install."""
    user = {"user_id": secrets.token_hex(8)}
    click = event(event_time=ago(hours=5), media_source="search", **user)
    (bought,) = await results(api, http, click, event("purchase", revenue="1.00", currency="EUR", **user))
    assert (bought["media_source"], bought["install_id"], bought["conversion_kind"]) == ("search", None, "purchase")


async def test_touches_are_filed_by_the_rules_that_installs_are_looked_up_by(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient
) -> None:
    """ClickHouse's fingerprint and consent of a touch are those of the pure code, whatever its agent and choices."""
    shapes: list[dict[str, Any]] = [
        {"user_agent": agent, "platform": platform, **version}
        for agent in (CHROME, HIDDEN, SAFARI, "okhttp/4.9", "Dalvik/2.1.0 (Linux; U; Android 8.1.0; Nexus)")
        for platform in ("web", "android", "ios")
        for version in ({}, {"os_version": "17.0"}, {"os_version": "Android 9.1.2"})
    ]
    shapes += [
        {"user_agent": CHROME, "platform": "web", **said}
        for said in (
            {"att_status": "denied"},
            {"att_status": "authorized"},
            {"att_status": "authorized", "consent": {"gdpr_applies": True}},
            {"consent": {"gdpr_applies": True, "ad_storage": "granted"}},
            {"consent": {"gdpr_applies": False, "us_privacy": "1YYN"}},
            {"consent": {"us_privacy": "1YNN", "ad_user_data": "granted"}},
            {"consent": {"ad_storage": "granted", "ad_user_data": "denied"}},
            {"consent": {"ad_storage": 1, "gdpr_applies": "true"}},
        )
    ]
    touches = [event(**shape, ip=address(), device_id=secrets.token_hex(4)) for shape in shapes]
    answer = await http.post(f"{PATH}?wait=stored", json=touches)
    assert answer.json()["accepted"] == len(touches)
    keys = clickhouse_tables(TenantId(tenant.tenant_id))["touch_keys"]
    store = ClickHouse(running.stack.backends, running.stack.settings.clickhouse)
    async with store.client() as client:
        rows = (await client.query(f"SELECT touch_id, key_hash, consent FROM {keys}")).result_rows  # noqa: S608
    await store.close()
    consents = {row[0]: row[2] for row in rows}
    filed = {(row[0], row[1]) for row in rows}
    for touch in touches:
        stored = touch | ({"consent": orjson.dumps(touch["consent"]).decode()} if "consent" in touch else {})
        consent = consent_of(stored)
        assert consents[touch["event_id"]] == consent, touch
        found = fingerprint_keys(stored)
        is_filed = bool(found) and consent >= (Consent.GRANTED if "|ios|" in found[0].value else Consent.UNKNOWN)
        own = {MatchKey(MatchType.VENDOR_ID, touch["device_id"]), *(found[:1] if is_filed else ())}
        assert {key for touch_id, key in filed if touch_id == touch["event_id"]} == set(map(key_hash, own)), touch


async def test_a_policy_names_the_events_that_convert(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """Within a second of the policy's change an in-app event that it names is a conversion."""
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    writer = DirectoryWriter(databases.control())
    await writer.set_conversion_events(TenantId(tenant.tenant_id), ["purchase", "level_complete"])

    async def converted() -> dict[str, Any] | None:
        level = event("in_app", event_name="level_complete", device_id="d-level")
        await http.post(PATH, json=level)
        try:
            return await api.get(f"/api/v1/attributions/{level['event_id']}")
        except ProblemError:
            return None

    found: dict[str, Any] = await eventually(converted)
    assert found["conversion_type"] == "in_app"
    await databases.close()
