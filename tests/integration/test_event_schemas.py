"""A tenant's own schemas, from registration to what becomes of an event that violates one."""

from typing import Any

import httpx
import pytest

from tests.stack_fixtures import RunningStack, api_of, event, eventually, new_tenant
from tests.tenant_api import TenantApi
from unmogrow.client import ProblemError

pytestmark = pytest.mark.anyio

INGEST = "/api/v1/events/ingest"
SCHEMA = {"type": "object", "properties": {"level": {"type": "integer", "minimum": 1}}, "required": ["level"]}


def level_up(**properties: Any) -> dict[str, Any]:
    return event("in_app", event_name="level_up", properties=properties)


async def stored(api: TenantApi, event_id: str) -> dict[str, Any]:
    async def found() -> dict[str, Any] | None:
        page = (await api.get("/api/v1/events"))["data"]
        return next((each for each in page if each["event_id"] == event_id), None)

    row: dict[str, Any] = await eventually(found)
    return row


async def test_rejects(http: httpx.AsyncClient, api: TenantApi) -> None:
    """A violation becomes a dead letter that names the schema's version; events of other names are not concerned."""
    registered = await api.put("/api/v1/schemas/level_up", {"schema": SCHEMA})
    assert (registered["version"], registered["on_violation"]) == (1, "reject")

    async def is_rejected() -> dict[str, Any] | None:
        answer = (await http.post(INGEST, json=[level_up(level="two"), event()])).json()
        return answer if answer["rejected"] else None

    answer = await eventually(is_rejected)
    (error,) = answer["rejected"][0]["errors"]
    assert (error["pointer"], error["code"]) == ("/properties/level", "schema_violation")
    assert "level_up@1" in error["detail"]
    assert (await api.get("/api/v1/events/rejected"))["data"][0]["reason"] == "schema_violation"
    (counted,) = (await api.get("/api/v1/reports/violations"))["data"]
    assert (counted["event_name"], counted["version"], counted["outcome"]) == ("level_up", 1, "rejected")
    assert (counted["pointer"], counted["events"]) == ("/properties/level", 1)
    fine = [level_up(level=2), event("in_app", event_name="level_down", properties={"level": "x"})]
    assert (await http.post(INGEST, json=fine)).json()["accepted"] == 2


async def test_flags(http: httpx.AsyncClient, api: TenantApi) -> None:
    """Stored all the same, with what is wrong in `schema_violation`."""
    await api.put("/api/v1/schemas/level_up", {"schema": SCHEMA, "on_violation": "flag"})

    async def is_flagged() -> bool:
        sent = level_up()
        assert (await http.post(INGEST, json=sent)).json()["accepted"] == 1
        return "level" in (await stored(api, sent["event_id"])).get("schema_violation", "")

    await eventually(is_flagged)
    (counted,) = (await api.get("/api/v1/reports/violations"))["data"]
    assert (counted["event_name"], counted["outcome"], counted["events"]) == ("level_up", "flagged", 1)
    assert counted["version"] is None
    fine = level_up(level=1)
    await http.post(INGEST, json=fine)
    assert "schema_violation" not in await stored(api, fine["event_id"])


async def test_versions(api: TenantApi) -> None:
    """The same again is no new version, a wider one is the next, a narrower one needs force."""
    path = "/api/v1/schemas/level_up"
    await api.put(path, {"schema": SCHEMA})
    assert (await api.put(path, {"schema": SCHEMA}))["version"] == 1
    wider = SCHEMA | {"required": []}
    assert (await api.put(path, {"schema": wider}))["version"] == 2
    with pytest.raises(ProblemError) as refusal:
        await api.put(path, {"schema": SCHEMA})
    assert refusal.value.document["code"] == "event-schema-incompatible"
    assert refusal.value.document["breaking"] == ["/level becomes required"]
    assert (await api.put(f"{path}?force=true", {"schema": SCHEMA}))["version"] == 3
    assert [each["version"] for each in (await api.get(path))["data"]] == [3, 2, 1]
    (newest,) = (await api.get("/api/v1/schemas"))["data"]
    assert (newest["version"], newest["definition"]) == (3, SCHEMA)


async def test_refuses_what_is_no_schema(api: TenantApi) -> None:
    """422 with the reason."""
    with pytest.raises(ProblemError) as refusal:
        await api.put("/api/v1/schemas/level_up", {"schema": {"type": "object", "required": "level"}})
    assert refusal.value.document["code"] == "event-schema-invalid"


async def test_is_the_tenants_own(running: RunningStack, api: TenantApi) -> None:
    """Another tenant neither sees it nor is bound by it."""
    await api.put("/api/v1/schemas/level_up", {"schema": SCHEMA})
    other = await new_tenant(running)
    async with api_of(running, other) as theirs:
        assert (await theirs.get("/api/v1/schemas"))["data"] == []
    headers = {"X-Tenant-ID": other.tenant_id, "X-Write-Key": other.write_key}
    async with httpx.AsyncClient(base_url=running.tenant_url, headers=headers, trust_env=False) as http:
        assert (await http.post(INGEST, json=level_up())).json()["accepted"] == 1
