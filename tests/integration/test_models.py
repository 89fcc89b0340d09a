"""Models and journeys of a tenant, against the same read from the raw events by brute force."""

import asyncio
import csv
import io
import random
import secrets
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from attribution.journeys import Journeys, journeys_of_paths
from attribution.model_spec import OF_JOURNEYS, Model, ModelSpec
from attribution.models import credit
from cli.main import app
from local.demo_paths import parse_paths, path_events
from schemas.money import RateLine
from storage.postgres.connect import Databases
from storage.postgres.rates import StoredRates
from storage.postgres.tenant_settings import TenantSettings
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.crash.load import titled
from tests.stack_fixtures import RunningStack, api_of, event, eventually, new_tenant
from tests.tenant_api import TenantApi
from unmogrow.client import ProblemError

pytestmark = pytest.mark.anyio

SOURCES = ("mail", "search", "social", "tv")
IDENTITIES = ("device_id", "gaid", "user_id", "click_id")
RATE = 1.25
REPORT = "/api/v1/reports/models"
_ENDED_SECONDS = 4.0
"""By then Ray has ended the workers of a job that has no driver any more."""
PATHS = """path;total_conversions;total_conversion_value;total_null
tv > search;30;90.50;70
search;25;10.25;100
social > social > mail;12;44.00;20
mail > tv > search > mail;5;7.77;9
social;0;0;40
"""

Touches = list[dict[str, Any]]


@dataclass(frozen=True)
class Planted:
    """A tenant, a client of its API, and the events that it was sent."""

    tenant: ProvisionedTenant
    api: TenantApi
    events: list[dict[str, Any]]


def made_events(now: datetime) -> list[dict[str, Any]]:
    """Ninety people who meet two touches a day or so: a third converts; and what a reader might get wrong."""
    made: list[dict[str, Any]] = []
    dice = random.Random(7)
    for person in range(90):
        ids = {"gaid": str(uuid.uuid4())} if person % 3 else {"device_id": secrets.token_hex(8)}
        end = now - timedelta(hours=30 + person)
        times = sorted(dice.uniform(0.2, 19) for _ in range(dice.randint(1, 5)))
        made += [touch(end - timedelta(hours=hours), dice.choice(SOURCES), ids) for hours in times]
        if person % 3 != 1:
            continue
        worth = {"revenue": f"{person}.50", "currency": "USD"} if person % 2 else {}
        install = {"device_id": secrets.token_hex(8)} | ids | worth
        made.append(event("install", event_time=end.isoformat(), **install))
    # Before its window, after it, and once more: what somebody who converted did leads to nothing.
    converted, start = {"gaid": str(uuid.uuid4())}, now - timedelta(days=20)
    made += [touch(start + timedelta(days=days), "mail", converted) for days in (0, 9.5, 12)]
    made.append(event("install", event_time=(start + timedelta(days=10)).isoformat(), **converted, device_id="late"))
    # Ten days of touches are two journeys; twice the same click within seconds is one; nobody is known by two clicks.
    faithful = {"user_id": "faithful"}
    made += [touch(start + timedelta(days=days), "tv", faithful) for days in (0, 3, 6.9, 7.1, 10)]
    double = {"user_id": "double"}
    made += [touch(start + timedelta(seconds=seconds), "search", double) for seconds in (0, 8, 16, 40)]
    made += [touch(start, "social", {"click_id": secrets.token_hex(8)}) for _ in range(3)]
    # A lead between the second touch and the third, and revenue in another currency.
    lead = {"device_id": secrets.token_hex(8)}
    made += [
        touch(start - timedelta(hours=hours), source, lead) for hours, source in ((5, "tv"), (3, "mail"), (1, "tv"))
    ]
    made += [event("in_app", event_time=(start - timedelta(hours=2)).isoformat(), event_name="sign_up", **lead)]
    made += [event("install", event_time=start.isoformat(), revenue="10", currency="EUR", **lead)]
    # By the click alone, and by nothing at all.
    made.append(touch(start, "search", {"click_id": "the-click"}))
    made.append(event("install", event_time=(start + timedelta(hours=1)).isoformat(), click_id="the-click"))
    made.append(event("install", event_time=start.isoformat()))
    return made


def touch(time: datetime, source: str, ids: dict[str, str]) -> dict[str, Any]:
    kind = "click" if "click_id" in ids or secrets.randbelow(3) else "impression"
    return event(kind, event_time=time.isoformat(), media_source=source, campaign=f"{source} sale", **ids)


@pytest.fixture(scope="module")
async def planted(running: RunningStack) -> AsyncIterator[Planted]:
    tenant = await new_tenant(running)
    events = made_events(utc_now())
    async with api_of(running, tenant) as api:
        await enter_rate(running, tenant, next(each for each in events if each.get("currency") == "EUR"))
        await send(running, tenant, events)
        await until_published(api, sum(each["event_type"] == "install" for each in events))
        yield Planted(tenant, api, events)


async def send(running: RunningStack, tenant: ProvisionedTenant, events: Sequence[dict[str, Any]] | bytes) -> None:
    headers = {"X-Tenant-ID": tenant.tenant_id, "X-Write-Key": tenant.write_key}
    body: dict[str, Any] = (
        {"content": events, "headers": headers | {"Content-Type": "application/x-ndjson"}}
        if isinstance(events, bytes)
        else {"json": events, "headers": headers}
    )
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        answer = await client.post(f"{running.tenant_url}/api/v1/events/ingest?wait=stored", **body)
    assert answer.json()["rejected"] == []


async def enter_rate(running: RunningStack, tenant: ProvisionedTenant, install: dict[str, Any]) -> None:
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    database = databases.tenant(tenant.tenant_id)
    await TenantSettings(database).write("USD", "UTC")
    day = datetime.fromisoformat(install["event_time"]).date()
    await StoredRates(database, "USD").put([RateLine("EUR", day, Decimal(str(RATE)))])
    await databases.close()


async def until_published(api: TenantApi, installs: int) -> None:
    async def is_published() -> bool:
        made = (await api.get("/api/v1/reports/journeys"))["journeys"]
        return bool(made["converting"] + made["without_touches"] == installs)

    await eventually(is_published)


def brute_force(events: list[dict[str, Any]]) -> tuple[Journeys, int]:
    """Read journeys from raw events, one by one; also count the installs that no touch led to."""
    touches = [each for each in events if each["event_type"] in {"click", "impression"}]
    touches.sort(key=lambda each: datetime.fromisoformat(each["event_time"]))
    won: list[tuple[dict[str, Any], Touches]] = []
    organic, used, people = 0, set[str](), set[tuple[str, str]]()
    for install in (each for each in events if each["event_type"] == "install"):
        ids = {(name, install[name]) for name in IDENTITIES if name in install}
        found = once(
            [
                each
                for each in touches
                if ids & {(name, each[name]) for name in IDENTITIES if name in each}
                and timedelta(0)
                <= ago(install, each)
                <= (timedelta(days=7) if each["event_type"] == "click" else timedelta(days=1))
            ]
        )
        used |= {each["event_id"] for each in found}
        people.add(person_of(install))
        if found:
            won.append((install, found))
        organic += not found
    lost: list[Touches] = []
    by_person: defaultdict[tuple[str, str], Touches] = defaultdict(list)
    for each in touches:
        by_person[person_of(each)].append(each)
    for person, theirs in by_person.items():
        if person in people or used & {each["event_id"] for each in theirs}:
            continue
        windows: defaultdict[int, Touches] = defaultdict(list)
        kept = once(theirs)
        for each in kept:
            windows[ago(each, kept[0]) // timedelta(days=7)].append(each)
        lost += windows.values()
    paths = [[each["media_source"] for each in found] for found in (*(found for _, found in won), *lost)]
    flags = [1.0] * len(won) + [0.0] * len(lost)
    values = [worth_of(install) for install, _ in won] + [0.0] * len(lost)
    journeys = journeys_of_paths(paths, flags, [1 - flag for flag in flags], values)
    ages = [ago(install, each) / timedelta(days=1) for install, found in won for each in found]
    journeys.ages[: len(ages)] = ages
    for place, (install, found) in enumerate(won):
        for lead in (
            each for each in events if each["event_type"] == "in_app" and person_of(each) == person_of(install)
        ):
            journeys.leads[place] = sum(ago(lead, each) >= timedelta(0) for each in found) - 1
    return journeys, organic


def worth_of(install: dict[str, Any]) -> float:
    return float(install.get("revenue", 0)) * (RATE if install.get("currency") == "EUR" else 1)


def once(touches: Touches) -> Touches:
    """Leave out clicks that a later one of the same source follows within ten seconds."""
    repeated = {
        before["event_id"]
        for before, after in pairwise(touches)
        if before["event_type"] == after["event_type"] == "click"
        and before["media_source"] == after["media_source"]
        and ago(after, before) <= timedelta(seconds=10)
    }
    return [each for each in touches if each["event_id"] not in repeated]


def ago(later: dict[str, Any], earlier: dict[str, Any]) -> timedelta:
    return datetime.fromisoformat(later["event_time"]) - datetime.fromisoformat(earlier["event_time"])


def person_of(each: dict[str, Any]) -> tuple[str, str]:
    return next((name, each[name]) for name in (*IDENTITIES, "event_id") if name in each)


def of_model(report: dict[str, Any], model: Model) -> dict[str, float]:
    return {row["channel"]: row["credit"] for row in report["data"] if row["model"] == model.value}


async def test_joined_ids_are_one_person_on_a_journey_that_led_to_nothing(running: RunningStack) -> None:
    """Clicks on two devices are two journeys until the devices are known to be one person's: then they are one."""
    made = await new_tenant(running)
    headers = {"X-Tenant-ID": made.tenant_id, "X-Write-Key": made.write_key}
    clicks = [event("click", media_source=source, device_id=source) for source in ("mail", "tv")]
    async with (
        api_of(running, made) as api,
        httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=30, trust_env=False) as http,
    ):
        await http.post("/api/v1/events/ingest", json=clicks, params={"wait": "stored"})
        assert (await api.get(REPORT, model="last", replicates=0))["journeys"]["null"] == 2
        for source in ("mail", "tv"):
            identify = event("identify", user_id="customer", device_id=source)
            await http.post("/api/v1/events/ingest", json=identify, params={"wait": "stored"})

        async def is_one() -> bool:
            return bool((await api.get(REPORT, model="last", replicates=0))["journeys"]["null"] == 1)

        assert await eventually(is_one)


@pytest.mark.parametrize("measure", ["conversions", "value"])
async def test_credits_are_those_of_the_raw_events(planted: Planted, measure: str) -> None:
    """Every model gives each channel what it gives over journeys read by brute force, by number and by value."""
    report = await planted.api.get(REPORT, replicates=0, measure=measure, lead_event="sign_up")
    journeys, organic = brute_force(planted.events)
    made = report["journeys"]
    assert (made["converting"], made["null"]) == (journeys.conversions.sum(), journeys.nulls.sum())
    assert made["without_touches"] == organic == 1
    for model in OF_JOURNEYS:
        result = credit(journeys, ModelSpec(model, replicates=0), by_value=measure == "value")
        expected = {each.channel: each.credit for each in result.credits}
        assert of_model(report, model) == pytest.approx(expected), model
    assert report["differences"]


async def test_breakdown_and_filter(planted: Planted) -> None:
    """Channels are told apart by several fields at once; a filter that no event fits leaves nothing."""
    report = await planted.api.get(REPORT, model="linear", replicates=0, breakdown="media_source,campaign")
    assert set(of_model(report, Model.LINEAR)) == {f"{source} / {source} sale" for source in SOURCES}
    nothing = await planted.api.get(REPORT, filter="country=XX")
    assert (nothing["data"], nothing["journeys"]["null"]) == ([], 0)
    assert report["unconverted"] == []
    other = await planted.api.get(REPORT, model="last", replicates=0, measure="value", currency="JPY")
    assert [row["currency"] for row in other["unconverted"]] == ["USD", "EUR"]
    everything = await planted.api.get(REPORT, model="last", replicates=0, filter="country!=XX;platform!~zz")
    assert everything["journeys"]["null"] == report["journeys"]["null"]


async def test_journeys_as_they_are(planted: Planted) -> None:
    """Paths, flow, lengths, lags and assists count what the raw events say."""
    document = await planted.api.get("/api/v1/reports/journeys", paths=1_000, steps=3)
    journeys, _ = brute_force(planted.events)
    counts: Counter[tuple[tuple[str, ...], bool]] = Counter()
    for start, end, conversion in zip(journeys.starts, journeys.starts[1:], journeys.conversions, strict=False):
        path = tuple(journeys.channels[code] for code in journeys.touches[start:end])
        counts[path, bool(conversion)] += 1
    found = {(tuple(row["path"]), True): row["conversions"] for row in document["paths"]}
    found |= {(tuple(row["path"]), False): row["nulls"] for row in document["paths"]}
    assert {key: count for key, count in found.items() if count} == counts
    total = len(journeys.lengths)
    assert sum(link["people"] for link in document["links"] if link["step"] == 1) == total
    assert sum(node["people"] for node in document["nodes"] if node["step"] == 1) == total
    assert sum(row["conversions"] + row["nulls"] for row in document["lengths"]) == total
    converted = journeys.conversions.sum()
    assert sum(row["from_first_touch"] for row in document["lags"]) == converted
    assert sum(row["last_touch"] for row in document["assists"]) == converted


async def test_intervals_and_seed(planted: Planted) -> None:
    """The same seed gives the same intervals, which hold the credit; another seed gives others."""
    asked: dict[str, Any] = {"model": "markov,shapley", "replicates": 100}
    first, again, other = [await planted.api.get(REPORT, **asked, seed=seed) for seed in (1, 1, 2)]
    assert first == again
    assert first["data"] != other["data"]
    assert all(row["low"] <= row["credit"] <= row["high"] for row in first["data"])
    alone = await planted.api.get(REPORT, model="shapley", replicates=100, seed=1)
    assert alone["data"] == [row for row in first["data"] if row["model"] == "shapley"]


async def test_the_process_stays_for_the_next_question(planted: Planted, running: RunningStack) -> None:
    """Its imports take seconds: whoever asks a little later asks the one that answered before."""
    await planted.api.get(REPORT, model="shapley", replicates=21)
    answered = {each.pid for each in titled(running, "ray::IDLE")}
    assert answered
    await asyncio.sleep(_ENDED_SECONDS)
    await planted.api.get(REPORT, model="shapley", replicates=22)
    assert answered <= {each.pid for each in titled(running, "ray::IDLE")}


async def test_as_tables(planted: Planted, running: RunningStack) -> None:
    """CSV and Parquet have the rows of the JSON."""
    document = await planted.api.get(REPORT, model="markov", replicates=20)
    login = {"email": planted.tenant.owner_email, "password": planted.tenant.owner_password}
    headers = {"X-Tenant-ID": planted.tenant.tenant_id}
    async with httpx.AsyncClient(base_url=running.tenant_url, headers=headers, trust_env=False) as client:
        token = (await client.post("/api/v1/auth", json=login)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        asked = f"{REPORT}?model=markov&replicates=20"
        as_csv = await client.get(asked, headers={"Accept": "text/csv"})
        as_parquet = await client.get(asked, headers={"Accept": "application/vnd.apache.parquet"})
    rows = list(csv.DictReader(io.StringIO(as_csv.text)))
    assert [(row["channel"], float(row["credit"])) for row in rows] == [
        (row["channel"], row["credit"]) for row in document["data"]
    ]
    assert pq.read_table(io.BytesIO(as_parquet.content)).to_pylist() == document["data"]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"model": "magic"}, 400),
        ({"weights": "1,2"}, 400),
        ({"weights": "nan,1,1"}, 400),
        ({"breakdown": "country"}, 400),
        ({"filter": "media_source=tv"}, 400),
        ({"conversion_type": "click"}, 400),
        ({"order": 5}, 422),
        ({"replicates": 5_000}, 422),
        ({"currency": "euro"}, 422),
    ],
)
async def test_what_makes_no_sense(planted: Planted, wrong: dict[str, Any], status: int) -> None:
    """A parameter that cannot be is refused, and named."""
    with pytest.raises(ProblemError) as refused:
        await planted.api.get(REPORT, **wrong)
    assert refused.value.status == status
    assert next(iter(wrong)) in str(refused.value)


async def test_on_the_command_line(planted: Planted, running: RunningStack) -> None:
    """`unmogrow models --tenant` and `unmogrow journeys` print what the API answers."""
    tenant = planted.tenant
    user = ["--tenant", tenant.tenant_id, "--url", running.tenant_url]
    user += ["--email", tenant.owner_email, "--password", tenant.owner_password or ""]

    async def run(*command: str) -> str:
        shown = await asyncio.to_thread(CliRunner().invoke, app, [*command, *user])
        assert shown.exit_code == 0, shown.output
        return shown.output

    table = await run("models", "--model", "shapley", "--replicates", "20")
    assert all(text in table for text in (*SOURCES, "95% interval", "█", "distinct channels"))
    shown = await run("journeys", "--paths", "5")
    assert all(text in shown for text in ("Commonest paths", "Assists", "journeys converted"))


async def test_paths_come_back(running: RunningStack) -> None:
    """A file of paths, played as events, gives each model's credits over the file itself."""
    file = parse_paths(PATHS.splitlines(keepends=True))
    tenant = await new_tenant(running)
    async with api_of(running, tenant) as api:
        await send(running, tenant, b"".join(path_events(file, app_id="paths", now=utc_now())))
        await until_published(api, file.conversions_total)
        report = await api.get(REPORT, replicates=0)
        by_value = await api.get(REPORT, replicates=0, measure="value", currency="USD", model="markov,linear")
    journeys = journeys_of_paths(
        [path.steps for path in file.paths],
        [path.conversions for path in file.paths],
        [path.nulls for path in file.paths],
        [float(path.value or 0) for path in file.paths],
        gap_days=15 / 1440,
    )
    assert (report["journeys"]["converting"], report["journeys"]["null"]) == (72, 239)
    for model in OF_JOURNEYS:
        expected = {each.channel: each.credit for each in credit(journeys, ModelSpec(model, replicates=0)).credits}
        assert of_model(report, model) == pytest.approx(expected), model
    for model in (Model.MARKOV, Model.LINEAR):
        result = credit(journeys, ModelSpec(model, replicates=0), by_value=True)
        assert of_model(by_value, model) == pytest.approx({each.channel: each.credit for each in result.credits}), model
