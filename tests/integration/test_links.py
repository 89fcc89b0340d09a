"""Tracking links on the real stack: made through the API, followed by strangers, found again in ClickHouse."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from schemas.ids import parse_tenant_id
from storage.postgres.connect import Databases
from storage.postgres.users import Users
from tenancy.passwords import Passwords
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, api_of, event, eventually, new_tenant
from tests.tenant_api import TenantApi
from tests.unit.ingest.link_cases import ANDROID, DESKTOP, GAID, IPHONE
from unmogrow.client import ProblemError

pytestmark = pytest.mark.anyio

LINKS = "/api/v1/links"
PLAY = "https://play.google.com/store/apps/details?id=com.example"
SPRING = {
    "link_id": "spring",
    "app_id": "com.example",
    "media_source": "meta_ads",
    "channel": "social",
    "campaign": "spring sale",
    "sub1": "own",
    "cost_value": "0.25",
    "cost_model": "cpc",
    "cost_currency": "EUR",
    "ios_store_url": "https://apps.apple.com/app/id1",
    "android_store_url": PLAY,
    "web_url": "https://shop.example/p/{sub1}?c={campaign}",
}
APPS: dict[str, Any] = {
    "apple_app_ids": ["ABCDE12345.com.example"],
    "android_apps": [{"package_name": "com.example", "sha256_cert_fingerprints": [":".join(["0A"] * 32)]}],
}


async def stored(api: TenantApi, touch_id: str) -> dict[str, Any]:
    async def found() -> dict[str, Any] | None:
        page = await api.get("/api/v1/events", limit=100)
        return next((each for each in page["data"] if each["event_id"] == touch_id), None)

    touch: dict[str, Any] = await eventually(found)
    return touch


async def test_click_is_stored_with_all_it_says(api: TenantApi, http: httpx.AsyncClient) -> None:
    """302 to the store with the click id in the referrer; the click has the link's fields and the caller's."""
    made = await api.post(LINKS, SPRING)
    assert made["click_url"].endswith("/c/spring")
    sent = {"sub1": "net", "gaid": GAID, "gclid": "g-1", "foo": "bar"}
    answer = await http.get("/c/spring", params=sent, headers={"User-Agent": ANDROID})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")
    assert answer.headers["Location"].startswith(f"{PLAY}&referrer=")
    referrer = parse_qs(parse_qs(urlsplit(answer.headers["Location"]).query)["referrer"][0])
    assert (referrer["utm_source"], referrer["utm_campaign"]) == (["meta_ads"], ["spring sale"])
    (click_id,) = referrer["click_id"]
    click = await stored(api, click_id)
    expected = {
        **{name: SPRING[name] for name in ("app_id", "media_source", "channel", "campaign", "cost_model")},
        **{name: sent[name] for name in ("sub1", "gaid", "gclid")},
        "event_type": "click",
        "event_id": click_id,
        "click_id": click_id,
        "platform": "android",
        "cost_value": "0.25",
        "cost_currency": "EUR",
        "ip": "127.0.0.1",
        "user_agent": ANDROID,
        "properties": {"link_id": "spring", "parameters": {"foo": "bar"}},
    }
    assert expected.items() <= click.items()


async def test_each_device_goes_its_way(api: TenantApi, http: httpx.AsyncClient) -> None:
    """An iPhone to the App Store, a desktop to the web, both with the click id; the host names the tenant, too."""
    made = await api.post(LINKS, SPRING)
    iphone = await http.get("/c/spring", headers={"User-Agent": IPHONE})
    assert iphone.headers["Location"].startswith("https://apps.apple.com/app/id1?click_id=0")
    host = urlsplit(made["click_url"]).netloc
    async with httpx.AsyncClient(base_url=str(http.base_url), headers={"Host": host}, trust_env=False) as stranger:
        desktop = await stranger.get("/c/spring?sub1=%2F%2Fevil.example&to=x", headers={"User-Agent": DESKTOP})
    assert desktop.headers["Location"].startswith("https://shop.example/p/%2F%2Fevil.example?c=spring%20sale")
    assert "&to=x&click_id=0" in desktop.headers["Location"]


async def test_install_is_attributed_through_the_store(api: TenantApi, http: httpx.AsyncClient) -> None:
    """The referrer that Play hands to the app brings the install to the click, and its link's campaign."""
    await api.post(LINKS, SPRING)
    answer = await http.get("/c/spring", params={"sub2": "creative-7"}, headers={"User-Agent": ANDROID})
    referrer = parse_qs(urlsplit(answer.headers["Location"]).query)["referrer"][0]
    click_id = parse_qs(referrer)["click_id"][0]
    await stored(api, click_id)
    install = event("install", app_id="com.example", install_referrer=referrer)
    assert (await http.post("/api/v1/events/ingest", json=install)).status_code == 202

    async def attributed() -> dict[str, Any] | None:
        found = await api.get(f"/api/v1/attributions/{install['event_id']}")
        return found if found["state"] == "attributed" else None

    result = await eventually(attributed)
    assert (result["attributed_touch_id"], result["match_type"]) == (click_id, "click_id")
    assert (result["media_source"], result["campaign"]) == ("meta_ads", "spring sale")


async def test_impression_is_stored(api: TenantApi, http: httpx.AsyncClient) -> None:
    """A transparent pixel, never cached, and an impression with the link's fields."""
    await api.post(LINKS, SPRING)
    answer = await http.get("/i/spring.gif", params={"gaid": GAID}, headers={"User-Agent": ANDROID})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/gif")
    assert (len(answer.content), answer.content[:6]) == (43, b"GIF89a")
    assert answer.headers["Cache-Control"] == "no-store"

    async def seen() -> dict[str, Any] | None:
        page = await api.get("/api/v1/events", event_type="impression")
        return page["data"][0] if page["data"] else None

    impression = await eventually(seen)
    assert (impression["media_source"], impression["gaid"]) == ("meta_ads", GAID)
    assert impression["impression_id"] == impression["event_id"]
    assert "cost_value" not in impression


async def test_looking_is_not_clicking(api: TenantApi, http: httpx.AsyncClient) -> None:
    """HEAD and a messenger's preview are sent on without a click id, and leave nothing behind."""
    await api.post(LINKS, SPRING)
    for answer in (
        await http.head("/c/spring", headers={"User-Agent": ANDROID}),
        await http.get("/c/spring", headers={"User-Agent": "WhatsApp/2.23.20.0 (Android)"}),
    ):
        assert answer.status_code == 302
        assert "click_id" not in answer.headers["Location"]
    marker = await http.get("/c/spring", headers={"User-Agent": IPHONE})
    await stored(api, marker.headers["Location"].rpartition("=")[2])
    assert len((await api.get("/api/v1/events"))["data"]) == 1


async def test_links_are_managed(api: TenantApi, http: httpx.AsyncClient) -> None:
    """Made once, listed page by page, changed and deleted; a redirect follows within a second."""
    first = await api.post(LINKS, SPRING)
    unnamed = await api.post(LINKS, {"media_source": "x", "web_url": "https://a.example"})
    assert len(unnamed["link_id"]) == 10
    with pytest.raises(ProblemError) as again:
        await api.post(LINKS, SPRING)
    assert (again.value.status, again.value.document["code"]) == (409, "link-exists")
    listed = [item async for item in api.pages(LINKS, limit=1)]
    assert [each["link_id"] for each in listed] == [unnamed["link_id"], "spring"]
    assert await api.get(f"{LINKS}/spring") == first
    await api.put(f"{LINKS}/spring", {"media_source": "x", "web_url": "https://b.example"})

    async def moved() -> bool:
        location: str = (await http.get("/c/spring", headers={"User-Agent": DESKTOP})).headers["Location"]
        return location.startswith("https://b.example")

    await eventually(moved, seconds=2)
    token = (await api.authorization())["Authorization"]
    assert (await http.delete(f"{LINKS}/spring", headers={"Authorization": token})).status_code == 204

    async def gone() -> bool:
        return (await http.get("/c/spring")).status_code == 404

    await eventually(gone, seconds=2)
    answer = await http.get("/c/spring")
    assert (answer.headers["Content-Type"], answer.json()["code"]) == ("application/problem+json", "link-unknown")
    for call in (api.get(f"{LINKS}/spring"), api.put(f"{LINKS}/spring", unnamed_fields())):
        with pytest.raises(ProblemError) as missing:
            await call
        assert missing.value.status == 404


def unnamed_fields() -> dict[str, str]:
    return {"media_source": "x", "web_url": "https://a.example"}


@pytest.fixture
async def shared_api(running: RunningStack, shared_tenant: ProvisionedTenant) -> AsyncIterator[TenantApi]:
    """Call the API as the owner of the tenant of all."""
    async with api_of(running, shared_tenant) as client:
        yield client


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"web_url": "javascript:alert(1)"}, "/web_url"),
        ({"web_url": "https://{sub1}.example"}, "/web_url"),
        ({"deep_link_url": "intent://x#Intent;end"}, "/deep_link_url"),
        ({"link_id": "a/b"}, "/link_id"),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_bad_links_are_refused(shared_api: TenantApi, change: dict[str, str], pointer: str) -> None:
    """422 with a pointer to what is wrong, and a sentence."""
    with pytest.raises(ProblemError) as refused:
        await shared_api.post(LINKS, unnamed_fields() | change)
    assert (refused.value.status, refused.value.document["code"]) == (422, "request-invalid")
    assert [fault["pointer"] for fault in refused.value.document["errors"]] == [pointer]


@pytest.mark.parametrize(
    "path", [f"{LINKS}/%00", f"{LINKS}?cursor=WyIwMDAxLTAxLTAxIiwiXHUwMDAwIl0", "/c/%00", "/c/..%2fx"]
)
async def test_odd_paths_are_problems(
    running: RunningStack, shared_tenant: ProvisionedTenant, shared_api: TenantApi, path: str
) -> None:
    """A 4xx problem for ids and cursors that nobody made."""
    headers = {"X-Tenant-ID": shared_tenant.tenant_id} | await shared_api.authorization()
    async with httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=30, trust_env=False) as bare:
        answer = await bare.get(path)
    assert (400 <= answer.status_code < 500, answer.headers["Content-Type"]) == (True, "application/problem+json")


async def test_viewer_reads_only(running: RunningStack, tenant: ProvisionedTenant, api: TenantApi) -> None:
    """A viewer lists links, and gets 403 for making, changing and deleting them and for naming apps."""
    await api.post(LINKS, SPRING)
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    hashed = await Passwords(running.stack.settings.auth).hash("secret")
    await Users(databases.tenant(parse_tenant_id(tenant.tenant_id))).add("viewer@example.com", hashed, "viewer")
    await databases.close()
    headers = {"X-Tenant-ID": tenant.tenant_id}
    async with httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=30, trust_env=False) as viewer:
        login = await viewer.post("/api/v1/auth", json={"email": "viewer@example.com", "password": "secret"})
        viewer.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
        assert [each["link_id"] for each in (await viewer.get(LINKS)).json()["data"]] == ["spring"]
        for answer in (
            await viewer.post(LINKS, json=unnamed_fields()),
            await viewer.put(f"{LINKS}/spring", json=unnamed_fields()),
            await viewer.delete(f"{LINKS}/spring"),
            await viewer.put("/api/v1/app-links", json=APPS),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "role-insufficient")
    assert (await api.get(f"{LINKS}/spring"))["media_source"] == "meta_ads"


async def test_links_are_their_tenants_own(running: RunningStack, api: TenantApi, http: httpx.AsyncClient) -> None:
    """404 for another tenant's link, by redirect, pixel and API; the same id may exist in both."""
    other = await new_tenant(running)
    async with api_of(running, other) as others:
        await others.post(LINKS, SPRING)
        assert (await http.get("/c/spring")).status_code == 404
        assert (await http.get("/i/spring.gif")).status_code == 404
        with pytest.raises(ProblemError) as hidden:
            await api.get(f"{LINKS}/spring")
        assert hidden.value.status == 404
        await api.post(LINKS, SPRING | {"media_source": "mine"})
        assert (await others.get(f"{LINKS}/spring"))["media_source"] == "meta_ads"


async def test_apps_open_links_themselves(api: TenantApi, http: httpx.AsyncClient) -> None:
    """The files that Apple's and Google's systems read name the tenant's apps; without any they are not there."""
    for path in ("/.well-known/apple-app-site-association", "/.well-known/assetlinks.json"):
        assert (await http.get(path)).status_code == 404
    assert await api.put("/api/v1/app-links", APPS) == APPS == await api.get("/api/v1/app-links")

    async def named() -> httpx.Response | None:
        answer = await http.get("/.well-known/apple-app-site-association")
        return answer if answer.status_code == 200 else None

    apple = await eventually(named, seconds=2)
    assert apple.headers["Content-Type"] == "application/json"
    assert apple.json() == {
        "applinks": {"details": [{"appIDs": ["ABCDE12345.com.example"], "components": [{"/": "/c/*"}]}]}
    }
    (google,) = (await http.get("/.well-known/assetlinks.json")).json()
    assert google["relation"] == ["delegate_permission/common.handle_all_urls"]
    assert google["target"] == {"namespace": "android_app"} | APPS["android_apps"][0]


async def test_a_tenant_has_so_many_links(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """409 for one more than 10,000 links, each of which redirects."""
    definition = orjson.dumps(SPRING).decode()
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    try:
        async with databases.control().connection() as connection:
            await connection.execute(
                "INSERT INTO links SELECT $1, 'l' || i, $2::jsonb FROM generate_series(1, 10000) AS i",
                tenant.tenant_id,
                definition,
            )
            with pytest.raises(ProblemError) as refused:
                await api.post(LINKS, SPRING)
            assert (refused.value.status, refused.value.document["code"]) == (409, "links-too-many")
            assert (await http.get("/c/l10000", headers={"User-Agent": ANDROID})).status_code == 302
            await connection.execute("DELETE FROM links WHERE tenant_id = $1", tenant.tenant_id)
    finally:
        await databases.close()
