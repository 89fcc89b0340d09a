"""Health calls, measured on the real parts."""

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def tenant(shared_tenant: ProvisionedTenant) -> ProvisionedTenant:
    """Ask as the tenant of all."""
    return shared_tenant


async def test_live_without_a_tenant(running: RunningStack) -> None:
    """200 for /livez and /readyz of both planes, with neither tenant nor token."""
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        for url in (running.tenant_url, running.global_url):
            assert (await client.get(f"{url}/livez")).json() == {"status": "ok"}
            assert (await client.get(f"{url}/readyz")).json()["components"] == {"directory": "ok", "clickhouse": "ok"}
        assert (await client.get(f"{running.global_url}/health")).json()["status"] == "ok"


@pytest.mark.parametrize("path", ["/", "/robots.txt", "/openapi.json", "/problems", "/health", "/config.json"])
async def test_head_is_get_without_its_body(http: httpx.AsyncClient, running: RunningStack, path: str) -> None:
    """The status and the headers that a GET has, on both planes; a route that asks who calls has no HEAD."""
    for url in (running.tenant_url, running.global_url):
        got, headed = await http.get(f"{url}{path}"), await http.head(f"{url}{path}")
        assert (headed.status_code, headed.content) == (got.status_code, b"")
        names = ("Content-Type", "Content-Length", "Content-Security-Policy", "Cache-Control")
        assert [headed.headers.get(name) for name in names] == [got.headers.get(name) for name in names]
    refused = await http.head("/api/v1/links")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, POST")


async def test_no_address_is_too_long_for_a_problem(running: RunningStack) -> None:
    """200 or a problem, whatever the length: both of the proxies on the way have a bound."""
    async with httpx.AsyncClient(base_url=running.tenant_url, trust_env=False) as bare:
        for length in (*range(14_000, 17_000, 100), 30_000, 60_000):
            answer = await bare.get("/livez", params={"x": "x" * length})
            if answer.status_code != 200:
                kind = answer.headers["Content-Type"]
                assert (answer.status_code, kind) == (400, "application/problem+json"), length
    assert answer.status_code == 400


async def test_health_of_a_tenant(http: httpx.AsyncClient, tenant: ProvisionedTenant) -> None:
    """Every component is measured and well, whether the header or the host names the tenant."""
    expected = {
        "status": "ok",
        "tenant": tenant.tenant_id,
        "components": {"postgres": "ok", "clickhouse": "ok", "actor": "ok"},
    }
    assert (await http.get("/health")).json() == expected
    by_host = await http.get("/health", headers={"X-Tenant-ID": "", "Host": tenant.host})
    assert by_host.json() == expected


async def test_health_sees_clickhouse_die(running: RunningStack, http: httpx.AsyncClient) -> None:
    """503 that names ClickHouse while it is away, and 200 again when it is back."""
    await http.get("/health")
    running.stack.supervisor.stop_program("clickhouse")
    try:
        answer = await http.get("/health")
        assert answer.status_code == 503
        assert answer.json()["components"]["clickhouse"] == "down"
        assert int(answer.headers["Retry-After"]) >= 1
    finally:
        running.stack.supervisor.start_program("clickhouse")

    async def is_well() -> bool:
        return (await http.get("/health")).status_code == 200

    assert await eventually(is_well)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"X-Tenant-ID": ""}, 400, "tenant-required"),
        ({"X-Tenant-ID": "nosuch"}, 404, "tenant-unknown"),
        ({"X-Tenant-ID": "other", "Host": "{host}"}, 403, "tenant-mismatch"),
    ],
)
async def test_tenant_must_be_named(
    http: httpx.AsyncClient, tenant: ProvisionedTenant, headers: dict[str, str], status: int, code: str
) -> None:
    """A problem that says what is wrong, when no tenant is named, an unknown one, or two."""
    answer = await http.get("/health", headers={name: text.format(host=tenant.host) for name, text in headers.items()})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["instance"] == answer.headers["X-Request-ID"] != ""
