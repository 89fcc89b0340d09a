"""What the product publishes about itself."""

import httpx
import jsonschema
import pytest

from schemas.event_types import EventType
from schemas.problem import every_problem
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import event
from tests.tenant_api import TenantApi
from unmogrow.client import ProblemError

pytestmark = pytest.mark.anyio


async def test_serves_schemas(http: httpx.AsyncClient) -> None:
    """Each event type's schema is served as draft 2020-12 and accepts what the ingest call accepts."""
    assert (await http.get("/schemas/events")).json()["event_types"] == list(EventType)
    for kind in EventType:
        schema = (await http.get(f"/schemas/events/{kind}.json")).json()
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(event(kind))
    missing = await http.get("/schemas/events/nothing.json")
    assert (missing.status_code, missing.json()["code"]) == (404, "schema-unknown")


async def test_serves_problem_pages(http: httpx.AsyncClient) -> None:
    """Every problem's type is a page that says its remedy."""
    for kind in every_problem():
        page = await http.get(f"/problems/{kind.slug}")
        assert (page.status_code, kind.title in page.text) == (200, True)
    listed = (await http.get("/problems")).text
    assert all(f"problems/{kind.slug}" in listed for kind in every_problem())


async def test_serves_openapi_and_site_config(http: httpx.AsyncClient, tenant: ProvisionedTenant) -> None:
    """OpenAPI 3.1 with the ingest call in it, and the site's configuration for the tenant that is named."""
    document = (await http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/events/ingest" in document["paths"]
    config = (await http.get("/config.json")).json()
    assert (config["TENANT_ID"], config["NAME"]) == (tenant.tenant_id, tenant.name)


async def test_brand_is_in_the_site_config(http: httpx.AsyncClient, api: TenantApi) -> None:
    """What an owner says of the site's looks is in the configuration that its page loads; no colour is refused."""
    brand = {"name": "Acme Games", "accent": "#0f766e"}
    assert (await http.get("/config.json")).json()["BRAND"] == {"name": None, "accent": None}
    assert await api.put("/api/v1/brand", brand) == brand
    assert (await http.get("/config.json")).json()["BRAND"] == brand == await api.get("/api/v1/brand")
    with pytest.raises(ProblemError, match="422"):
        await api.put("/api/v1/brand", {"accent": "teal"})


async def test_unknown_routes_and_methods(http: httpx.AsyncClient) -> None:
    """404 and 405 are problems too."""
    nowhere = await http.get("/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "route-unknown")
    wrong = await http.get("/api/v1/events/ingest")
    assert (wrong.status_code, wrong.json()["code"], wrong.headers["Allow"]) == (405, "method-not-allowed", "POST")
