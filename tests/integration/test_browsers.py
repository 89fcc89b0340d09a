"""What browsers are told: security headers of every answer, and which pages of other origins may read it."""

import base64
import hashlib
import re

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import SECURITY_HEADERS, RunningStack, event, eventually
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio

ADMIN = "https://admin.example.com"
SETTINGS = {"currency": "EUR", "time_zone": "UTC"}


@pytest.mark.parametrize("path", ["/livez", "/api/v1/auth/me", "/openapi.json", "/nothing", "/schemas/events"])
async def test_headers_of_both_planes(running: RunningStack, path: str) -> None:
    """Answers and problems alike are nobody's frame, script or cache entry."""
    async with httpx.AsyncClient(trust_env=False) as bare:
        for url in (running.tenant_url, running.global_url):
            headers = (await bare.get(f"{url}{path}")).headers
            assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_pages_of_problems_allow_their_own_style_alone(http: httpx.AsyncClient) -> None:
    """The policy names the hash of the style that the page holds."""
    for path in ("/problems", "/problems/tenant-unknown"):
        page = await http.get(path)
        found = re.search("<style>(.*)</style>", page.text, re.DOTALL)
        assert found is not None
        style = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
        expected = f"default-src 'none'; style-src 'sha256-{style}'; frame-ancestors 'none'"
        assert page.headers["Content-Security-Policy"] == expected


async def test_an_owner_opens_the_api_to_an_origin(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi
) -> None:
    """Only pages of origins that the tenant named may read its API, never with cookies, and no longer than named."""
    headers = {"Host": tenant.host} | await api.authorization()
    async with httpx.AsyncClient(base_url=running.tenant_url, trust_env=False) as bare:

        async def opened(origin: str = ADMIN) -> bool:
            answer = await bare.get("/api/v1/auth/me", headers=headers | {"Origin": origin})
            assert answer.status_code == 200
            assert "Access-Control-Allow-Credentials" not in answer.headers
            assert answer.headers.get("Access-Control-Allow-Origin", origin) == origin
            return "Access-Control-Allow-Origin" in answer.headers

        async def closed() -> bool:
            return not await opened()

        assert not await opened()
        await api.put("/api/v1/settings", SETTINGS | {"allowed_origins": [ADMIN]})
        await eventually(opened)
        assert not await opened("https://evil.example")
        assert not await opened("null")
        ask = {"Host": tenant.host, "Origin": ADMIN, "Access-Control-Request-Method": "DELETE"}
        preflight = await bare.options("/api/v1/links/x", headers=ask)
        assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (200, ADMIN)
        assert "DELETE" in preflight.headers["Access-Control-Allow-Methods"]
        refused = await bare.options("/api/v1/links/x", headers=ask | {"Origin": "https://evil.example"})
        assert (refused.status_code, "Access-Control-Allow-Origin" in refused.headers) == (405, False)
        problem = await bare.get("/api/v1/events?cursor=x", headers=headers | {"Origin": ADMIN})
        assert (problem.status_code, problem.headers["Access-Control-Allow-Origin"]) == (400, ADMIN)
        assert (await api.put("/api/v1/settings", SETTINGS))["allowed_origins"] == [ADMIN]
        await api.put("/api/v1/settings", SETTINGS | {"allowed_origins": []})
        await eventually(closed)


async def test_what_is_no_origin(api: TenantApi, http: httpx.AsyncClient) -> None:
    """422 that names the field: a wildcard or a path would open more than was meant, or nothing."""
    for origin in ("*", "null", "https://a.example/", "ftp://a.example", "https://A.example", "a.example"):
        wrong = SETTINGS | {"allowed_origins": [origin]}
        answer = await http.put("/api/v1/settings", json=wrong, headers=await api.authorization())
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/allowed_origins/0")


async def test_events_may_come_from_any_page(http: httpx.AsyncClient) -> None:
    """A write key is public: every page may send with it, and read what became of its events."""
    page = {"Origin": "https://shop.example"}
    ask = page | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-write-key"}
    for path in ("/api/v1/events/ingest", "/v1/batch"):
        assert (await http.options(path, headers=ask)).headers["Access-Control-Allow-Origin"] == "*"
    answer = await http.post("/api/v1/events/ingest", json=event(), headers=page)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (202, "*")
    assert "X-Durability" in answer.headers["Access-Control-Expose-Headers"]


async def test_a_login_that_is_too_large_is_refused(http: httpx.AsyncClient) -> None:
    """413 before anything is parsed, also where the framework reads the body, and whoever asks."""
    answer = await http.post("/api/v1/auth", content=b'{"email":"' + b"x" * (11 * 1024 * 1024) + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
