"""Persons over time: anonymous visitors who become known, journeys across devices, and links that are taken back."""

import asyncio
import secrets
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from cli.main import app
from schemas.identity import IdentityKey, IdentityKind
from storage.clickhouse.connect import ClickHouse
from storage.identity_hashes import identity_hash
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, ago, event, eventually, new_tenant, result_of
from tests.tenant_api import TenantApi
from unmogrow.client import ProblemError

pytestmark = pytest.mark.anyio

PATH = "/api/v1/events/ingest"


@pytest.fixture(scope="module")
async def tenant(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant for all tests here: what takes long is the first call of its actor."""
    return await new_tenant(running)


def new_id() -> str:
    return secrets.token_hex(8)


async def send(http: httpx.AsyncClient, *events: dict[str, Any]) -> None:
    """Have events stored."""
    answer = await http.post(PATH, params={"wait": "stored"}, json=list(events))
    assert answer.status_code == 202, answer.text


async def test_an_anonymous_visitor_becomes_known(api: TenantApi, http: httpx.AsyncClient) -> None:
    """The click before login wins the purchase of the user whom `identify` names, matched by user id."""
    visitor, user = new_id(), new_id()
    click = event(event_time=ago(hours=3), media_source="newsletter", anonymous_id=visitor)
    purchase = event("purchase", user_id=user)
    await send(http, click, event("identify", user_id=user, anonymous_id=visitor, device_id=new_id()))
    await send(http, purchase)
    result = await result_of(api, purchase["event_id"])
    assert (result["media_source"], result["match_type"]) == ("newsletter", "user_id")
    assert [each["cause"] for each in result["revisions"]] == ["first"]


async def test_a_link_that_comes_later_revises(api: TenantApi, http: httpx.AsyncClient) -> None:
    """Organic at first; revision 2 with the cause `identity` once the visitor is known to be the user."""
    visitor, user = new_id(), new_id()
    purchase = event("purchase", user_id=user)
    await send(http, event(event_time=ago(hours=3), media_source="podcast", anonymous_id=visitor), purchase)
    assert (await result_of(api, purchase["event_id"]))["is_organic"] is True
    await send(http, event("identify", user_id=user, anonymous_id=visitor))
    result = await result_of(api, purchase["event_id"], revision=2)
    first, second = result["revisions"]
    assert (first["cause"], second["cause"]) == ("first", "identity")
    changed = {each["field"]: (each["before"], each["after"]) for each in second["changes"]}
    assert changed["media_source"] == ("organic", "podcast")
    assert "candidates" not in changed


async def test_a_journey_across_devices_and_its_undoing(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """The phone's click wins the install on the tablet; the link taken back, revision 2 is organic and so it stays."""
    phone, tablet, user = new_id(), new_id(), new_id()
    click = event(event_time=ago(hours=2), media_source="tv_spot", device_id=phone)
    link = event("identify", user_id=user, device_id=phone)
    install = event("install", user_id=user, device_id=tablet)
    await send(http, click, link)
    await send(http, install)
    result = await result_of(api, install["event_id"])
    assert (result["media_source"], result["match_type"]) == ("tv_spot", "user_id")

    person = await api.get(f"/api/v1/persons/device_id/{tablet}")
    assert {(key["kind"], key["value"]) for key in person["keys"]} == {
        *(("vendor_id", phone), ("vendor_id", tablet), ("user_id", user))
    }
    causes = {edge["value"]: edge["event_id"] for edge in person["edges"]}
    assert causes == {phone: link["event_id"], tablet: install["event_id"]}
    keys = [IdentityKey(IdentityKind.VENDOR_ID, each) for each in (phone, tablet)]
    goes_by = identity_hash(IdentityKey(IdentityKind.USER_ID, user))
    await eventually(lambda: aliases_are(running, tenant, dict.fromkeys(keys, goes_by)))

    (wrong,) = [edge for edge in person["edges"] if edge["value"] == phone]
    removed = await api.delete(f"/api/v1/persons/edges/{wrong['edge_id']}")
    assert removed["removed_by"]
    result = await result_of(api, install["event_id"], revision=2)
    assert (result["is_organic"], result["revisions"][1]["cause"]) == (True, "identity")
    assert await eventually(lambda: aliases_are(running, tenant, {keys[0]: identity_hash(keys[0]), keys[1]: goes_by}))
    await send(http, event("identify", user_id=user, device_id=phone))
    person = await api.get(f"/api/v1/persons/user_id/{user}")
    assert [edge["value"] for edge in person["edges"]] == [tablet]
    assert [edge["value"] for edge in person["removed"]] == [phone]


async def test_a_device_of_many_joins_nobody(api: TenantApi, http: httpx.AsyncClient) -> None:
    """A tablet that six users used: named as shared, and the click of one user is no other's."""
    tablet = new_id()
    users = [new_id() for _ in range(6)]
    await send(http, *(event("identify", user_id=user, device_id=tablet) for user in users))
    click = event(event_time=ago(hours=2), media_source="mail", user_id=users[0])
    purchase = event("purchase", user_id=users[1])
    await send(http, click)
    await send(http, purchase)
    assert (await result_of(api, purchase["event_id"]))["is_organic"] is True
    person = await api.get(f"/api/v1/persons/user_id/{users[1]}")
    assert [key["value"] for key in person["keys"]] == [users[1]]
    assert person["shared"] == [{"kind": "vendor_id", "value": tablet}]


async def test_on_the_command_line(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """`person show` names both ids and the event behind the link; `person unlink` takes it back."""
    device, user = new_id(), new_id()
    link = event("identify", user_id=user, device_id=device)
    await send(http, link)
    options = ["--tenant", tenant.tenant_id, "--url", running.tenant_url, "--email", tenant.owner_email]
    options += ["--password", tenant.owner_password or ""]

    async def said(*arguments: str) -> str:
        done = await asyncio.to_thread(CliRunner(env={"COLUMNS": "200"}).invoke, app, [*arguments, *options])
        assert done.exit_code == 0, done.output
        return done.output

    shown = await said("person", "show", "device_id", device)
    assert all(word in shown for word in (device, user, link["event_id"])), shown
    (edge,) = (await api.get(f"/api/v1/persons/user_id/{user}"))["edges"]
    assert "no longer one person" in await said("person", "unlink", str(edge["edge_id"]))
    assert (await api.get(f"/api/v1/persons/user_id/{user}"))["edges"] == []


async def test_says_who_is_unknown(api: TenantApi) -> None:
    """404 for an id that nothing joins, for an edge that is not there and for a kind that is none, each by its name."""
    for path, method, code in (
        ("/api/v1/persons/user_id/nobody", api.get, "person-unknown"),
        ("/api/v1/persons/edges/999999", api.delete, "edge-unknown"),
        ("/api/v1/persons/shoe_size/44", api.get, "route-unknown"),
    ):
        with pytest.raises(ProblemError) as refused:
            await method(path)
        assert (refused.value.status, refused.value.document["code"]) == (404, code)


async def aliases_are(running: RunningStack, tenant: ProvisionedTenant, expected: dict[IdentityKey, int]) -> bool:
    store = ClickHouse(running.stack.backends, running.stack.settings.clickhouse)
    try:
        async with store.client() as client:
            table = f"unmogrow.person_aliases_{tenant.tenant_id}"
            answer = await client.query(f"SELECT alias_key, person_key FROM {table} FINAL")  # noqa: S608 - our own id
    finally:
        await store.close()
    found = {row[0]: row[1] for row in answer.result_rows}
    return all(found.get(identity_hash(key)) == person for key, person in expected.items())


async def test_reports_count_a_person_once(api: TenantApi, http: httpx.AsyncClient) -> None:
    """One person of a cohort of one, whose purchase under the user id alone counts to the install of their device."""
    device, user, app_id = new_id(), new_id(), new_id()
    install = event("install", event_time=ago(days=3), device_id=device, app_id=app_id)
    purchase = event("purchase", event_time=ago(days=2, hours=23), user_id=user, app_id=app_id, currency="USD")
    await send(http, install, purchase, event("identify", user_id=user, device_id=device, app_id=app_id))
    day = (utc_now() - timedelta(days=3)).date().isoformat()

    async def counted() -> list[tuple[int, Decimal]]:
        asked = {"from": day, "to": day, "days": "0,1", "filter": f"app_id={app_id}"}
        rows = (await api.get("/api/v1/reports/ltv", **asked))["data"]
        values = [(row["installs"], Decimal(row["ltv_1"] or 0)) for row in rows if row["installs"]]
        return values if any(value for _, value in values) else []

    assert await eventually(counted, seconds=40) == [(1, Decimal("4.99"))]
