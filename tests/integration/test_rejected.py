"""Dead letters and the ledger: what was not taken is kept, counted, mended and sent again."""

import gzip
from typing import Any

import httpx
import pytest

from schemas.ids import TenantId
from storage.postgres.connect import Databases
from storage.postgres.dead_letters import DeadLetterFilter, DeadLetters
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, api_of, event, eventually, ndjson, new_tenant, stored_ids
from tests.tenant_api import TenantApi
from unmogrow.client import ProblemError

pytestmark = pytest.mark.anyio

INGEST = "/api/v1/events/ingest"
REJECTED = "/api/v1/events/rejected"


def purchase_without_currency(**fields: Any) -> dict[str, Any]:
    made = event("purchase", **fields)
    del made["currency"]
    return made


async def balanced(api: TenantApi) -> dict[str, int]:
    """Wait until nothing waits, check the balance of every row, and return the totals."""

    async def settled() -> dict[str, Any] | None:
        report = await api.get("/api/v1/reports/quality")
        return report if report["totals"]["waiting"] == 0 else None

    report: dict[str, Any] = await eventually(settled)
    for row in [*report["data"], report["totals"]]:
        assert row["received"] == sum(row[name] for name in ("stored", "duplicates", "quarantined", "rejected"))
    totals: dict[str, int] = report["totals"]
    return totals


async def test_rejected_events_are_kept(http: httpx.AsyncClient, api: TenantApi) -> None:
    """Kept: one with its fields and reason, and one, no JSON at all, byte for byte; the good ones are stored."""
    wrong = purchase_without_currency()
    body = ndjson([event(), wrong]) + b'{"event_id": "broken\n' + ndjson([event()])
    answer = await http.post(INGEST, content=body, headers={"Content-Type": "application/x-ndjson"})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 2)
    broken, mendable = (await api.get(REJECTED))["data"]
    assert (mendable["stage"], mendable["reason"], mendable["event_id"]) == ("rejected", "required", wrong["event_id"])
    assert mendable["errors"][0]["pointer"] == "/currency"
    assert mendable["event"] == wrong
    assert (broken["reason"], broken["raw"]) == ("not_json", '{"event_id": "broken')
    assert await balanced(api) == {
        "received": 4, "accepted": 2, "duplicates": 0, "rejected": 2, "stored": 2, "quarantined": 0, "waiting": 0
    }  # fmt: skip


async def test_kept_as_they_came(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> None:
    """A single event and a line keep their bytes, also out of a packed body; an array's members do not."""
    alone, line = b'{"event_id":  "a", "revenue": 1.50}', b'{"event_id":"l",  "revenue": 2.50}'
    packed = gzip.compress(line + b"\n" + ndjson([event()]))
    for body in (alone, packed, b"[" + alone + b"]"):
        await http.post(INGEST, content=body, headers={"Content-Type": "application/json"})
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    letters = await DeadLetters(databases.tenant(TenantId(tenant.tenant_id))).page(DeadLetterFilter(), limit=10)
    await databases.close()
    assert [letter.raw for letter in letters] == [b'{"event_id":"a","revenue":1.5}', line, alone]


async def test_kept_though_none_is_valid(http: httpx.AsyncClient, api: TenantApi) -> None:
    """Two dead letters of a request that was refused with 422, none of a strict one: that leaves nothing."""
    wrong = [purchase_without_currency(), event("instal")]
    assert (await http.post(INGEST, json=wrong)).status_code == 422
    assert (await http.post(INGEST, json=[*wrong, event()], params={"strict": "true"})).status_code == 422
    assert len((await api.get(REJECTED))["data"]) == 2
    totals = await balanced(api)
    assert (totals["received"], totals["rejected"]) == (2, 2)


async def test_duplicates_are_in_the_ledger(http: httpx.AsyncClient, api: TenantApi) -> None:
    """Received 3, stored 1, duplicates 2."""
    sent = event()
    for _ in range(3):
        await http.post(INGEST, json=sent)
    totals = await balanced(api)
    assert (totals["received"], totals["stored"], totals["duplicates"]) == (3, 1, 2)


async def test_counts_by_reason(http: httpx.AsyncClient, api: TenantApi) -> None:
    """Three of one kind first, then one of another, with the field at fault and one to look at."""
    await http.post(INGEST, json=[purchase_without_currency() for _ in range(3)] + [event(colour="red")])
    first, second = (await api.get(f"{REJECTED}/counts"))["data"]
    assert (first["reason"], first["pointer"], first["event_type"], first["events"]) == (
        "required", "/currency", "purchase", 3
    )  # fmt: skip
    assert (second["reason"], second["pointer"], second["events"]) == ("unknown_field", "/colour", 1)
    one = await api.get(f"{REJECTED}/{second['newest_id']}")
    assert one["event"]["colour"] == "red"


async def test_mend_and_replay(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient, api: TenantApi
) -> None:
    """A patch mends two of three; these are stored and leave the list, the third stays with its own reason."""
    mendable = [purchase_without_currency() for _ in range(2)]
    await http.post(INGEST, json=[*mendable, purchase_without_currency(revenue="much")])
    order = {"reason": "required", "patch": {"currency": "EUR"}}
    tried = await api.post(f"{REJECTED}/replay", order | {"dry_run": True})
    assert (tried["accepted"], len(tried["rejected"])) == (2, 1)
    assert await stored_ids(running, tenant) == []
    done = await api.post(f"{REJECTED}/replay", order)
    assert (done["accepted"], [each["errors"][0]["pointer"] for each in done["rejected"]]) == (2, ["/revenue"])
    (left,) = (await api.get(REJECTED))["data"]
    assert left["event"]["revenue"] == "much"
    assert len((await api.get(REJECTED, replayed="true"))["data"]) == 2
    assert (await balanced(api))["stored"] == 2
    assert sorted(await stored_ids(running, tenant)) == sorted(each["event_id"] for each in mendable)
    assert (await api.post(f"{REJECTED}/replay", {"ids": [left["dead_letter_id"]]}))["accepted"] == 0


async def test_mended_by_hand(http: httpx.AsyncClient, api: TenantApi) -> None:
    """What was no JSON is sent as the event that was meant, and waits no more; without its id it is refused."""
    body = b'{"event_id": "broken\n' + ndjson([event()])
    await http.post(INGEST, content=body, headers={"Content-Type": "application/x-ndjson"})
    (letter,) = (await api.get(REJECTED))["data"]
    with pytest.raises(ProblemError) as refused:
        await api.post(f"{REJECTED}/replay", {"event": event()})
    assert refused.value.document["status"] == 422
    order = {"ids": [letter["dead_letter_id"]], "event": event()}
    assert (await api.post(f"{REJECTED}/replay", order))["accepted"] == 1
    assert (await api.get(REJECTED))["data"] == []


async def test_freshness(http: httpx.AsyncClient, api: TenantApi) -> None:
    """Null before anything came; then when it came and was stored, and that nothing waits."""
    before = (await api.get("/api/v1/reports/quality"))["freshness"]
    assert (before["received_at"], before["stored_at"], before["waiting_events"]) == (None, None, 0)
    await http.post(INGEST, json=event(), params={"wait": "stored"})
    after = (await api.get("/api/v1/reports/quality"))["freshness"]
    assert after["received_at"] <= after["stored_at"]
    assert (after["waiting_events"], after["waiting_age_seconds"]) == (0, 0)


async def test_nobody_else_sees_them(running: RunningStack, http: httpx.AsyncClient, api: TenantApi) -> None:
    """Another tenant finds neither the list, nor the one, nor anything to replay."""
    await http.post(INGEST, json=[purchase_without_currency()])
    (letter,) = (await api.get(REJECTED))["data"]
    async with api_of(running, await new_tenant(running)) as other:
        assert (await other.get(REJECTED))["data"] == []
        order = {"ids": [letter["dead_letter_id"]], "patch": {"currency": "EUR"}}
        assert (await other.post(f"{REJECTED}/replay", order))["accepted"] == 0
    assert len((await api.get(REJECTED))["data"]) == 1


async def test_pages(http: httpx.AsyncClient, api: TenantApi) -> None:
    """Every one of five once, in pages of two."""
    wrong = [purchase_without_currency() for _ in range(5)]
    await http.post(INGEST, json=wrong)
    listed = [letter["event_id"] async for letter in api.pages(REJECTED, limit=2)]
    assert listed == [each["event_id"] for each in reversed(wrong)]
