"""A tenant's campaigns on the real stack."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from typer.testing import CliRunner

from cli.credentials import Credentials, save_credentials
from cli.main import app
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, new_tenant

pytestmark = pytest.mark.anyio

CAMPAIGNS = "/api/v1/campaigns"
SPRING = {
    "name": "Spring sale",
    "media_source": "meta_ads",
    "channel": "social",
    "campaign": "spring_2026",
    "starts_on": "2026-03-01",
    "ends_on": "2026-03-31",
    "budget": "5000.50",
    "currency": "EUR",
    "note": "Two creatives.\nStop if the CPI exceeds 3 EUR.",
}


@pytest.fixture(scope="module")
async def planner(running: RunningStack) -> ProvisionedTenant:
    """Make the one tenant that these tests share."""
    return await new_tenant(running)


@pytest.fixture
async def owner(running: RunningStack, planner: ProvisionedTenant) -> AsyncIterator[httpx.AsyncClient]:
    """Call the API as the tenant's owner."""
    headers = {"X-Tenant-ID": planner.tenant_id}
    async with httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=30, trust_env=False) as client:
        login = {"email": planner.owner_email, "password": planner.owner_password}
        client.headers["Authorization"] = (
            f"Bearer {(await client.post('/api/v1/auth', json=login)).json()['access_token']}"
        )
        yield client


async def made_of(owner: httpx.AsyncClient, document: dict[str, Any]) -> dict[str, Any]:
    answer = await owner.post(CAMPAIGNS, json=document)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"{CAMPAIGNS}/{made['campaign_id']}"
    return made


async def test_campaign_is_kept_as_it_was_planned(owner: httpx.AsyncClient) -> None:
    """All that was said comes back, what was left out as null; replaced, it keeps its id and takes what is new."""
    made = await made_of(owner, SPRING)
    assert (SPRING | {"budget": "5000.5"}).items() <= made.items()
    bare = {name: f"{SPRING[name]} 2" for name in ("name", "media_source", "campaign")}
    replaced = (await owner.put(f"{CAMPAIGNS}/{made['campaign_id']}", json=bare)).json()
    assert replaced == (await owner.get(f"{CAMPAIGNS}/{made['campaign_id']}")).json()
    kept = {"campaign_id": made["campaign_id"], "created_at": made["created_at"]}
    assert (bare | kept | {"budget": None, "ends_on": None}).items() <= replaced.items()
    assert replaced["updated_at"] > made["updated_at"]


async def test_a_source_has_one_campaign_of_a_name(owner: httpx.AsyncClient) -> None:
    """The same name is refused for the same source, when made and when changed, and taken for another."""
    first = {"name": "One", "media_source": "google_ads", "campaign": "brand"}
    await made_of(owner, first)
    other = await made_of(owner, first | {"media_source": "bing_ads"})
    for answer in (
        await owner.post(CAMPAIGNS, json=first),
        await owner.put(f"{CAMPAIGNS}/{other['campaign_id']}", json=first),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "campaign-exists")


async def test_what_contradicts_itself_is_refused(owner: httpx.AsyncClient) -> None:
    """A last day before the first and a budget without its currency are 422, and say why."""
    for change, said in (({"ends_on": "2026-02-28"}, "ends_on"), ({"currency": None}, "go together")):
        answer = await owner.post(CAMPAIGNS, json=SPRING | change)
        assert answer.status_code == 422
        assert said in answer.json()["errors"][0]["detail"]


async def test_pages_and_deletion(owner: httpx.AsyncClient) -> None:
    """Pages of one hold every campaign of a source once, newest first, and what was deleted no more."""
    made = [await made_of(owner, {"name": f"P{n}", "media_source": "paged", "campaign": f"c{n}"}) for n in range(3)]
    gone = f"{CAMPAIGNS}/{made[1]['campaign_id']}"
    assert [(await owner.delete(gone)).status_code for _ in range(2)] == [204, 404]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        asked = {"media_source": "paged", "limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = (await owner.get(CAMPAIGNS, params=asked)).json()
        seen += [each["name"] for each in page["data"]]
        cursor = page["next_cursor"]
    assert seen == ["P2", "P0"]


async def test_campaign_from_the_command_line(
    running: RunningStack, planner: ProvisionedTenant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`campaign create` prints the id of what it made, and `campaign list` has it with its budget."""
    login = Credentials(planner.tenant_id, planner.host, planner.write_key, planner.owner_email, planner.owner_password)
    save_credentials(tmp_path, login)
    monkeypatch.setenv("UNMOGROW_DATA_DIR", str(tmp_path))
    place = ["--tenant", planner.tenant_id, "--url", running.tenant_url]
    words = ["--name", "Typed", "--media-source", "typed", "--campaign", "c", "--budget", "7.5", "--currency", "EUR"]
    made = await asyncio.to_thread(CliRunner().invoke, app, ["campaign", "create", *words, *place])
    assert made.exit_code == 0, made.output
    listed = await asyncio.to_thread(CliRunner().invoke, app, ["campaign", "list", "--json", *place])
    (typed,) = (each for each in orjson.loads(listed.stdout) if each["campaign_id"] == made.stdout.strip())
    assert (typed["budget"], typed["currency"]) == ("7.5", "EUR")


async def test_each_change_is_in_the_audit_log(owner: httpx.AsyncClient) -> None:
    """The log has a campaign's creation with what it said; one that was refused is not in it."""
    made = await made_of(owner, SPRING | {"campaign": "logged"})
    assert (await owner.post(CAMPAIGNS, json=SPRING | {"campaign": "logged"})).status_code == 409
    entries = (await owner.get("/api/v1/audit", params={"action": "campaign.create", "limit": 1})).json()["data"]
    assert entries[0]["subject"] == made["campaign_id"]
    assert entries[0]["detail"]["campaign"] == "logged"
