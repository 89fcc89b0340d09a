"""Reports over a small planted world, whose every number is known by hand, on the real stack."""

import asyncio
import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import orjson
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli.credentials import Credentials, save_credentials
from cli.main import app
from schemas.report_problems import QuestionTooLarge
from schemas.reports import Dimension, ReportQuery, parse_span
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.report_reader import ReportReader
from storage.clickhouse.rollups import Rollups
from storage.names import clickhouse_tables
from storage.postgres.connect import Databases
from storage.postgres.event_hours import DueWeek, EventHours
from storage.sql import fill
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, api_of, event, eventually, new_tenant
from tests.tenant_api import TenantApi
from unmogrow.client import ProblemError
from unmogrow.client.transport import Call

pytestmark = pytest.mark.anyio

# Clocks in Berlin go back an hour on 25 October: that day has 25 hours, and begins at 22:00 UTC the day before.
SPAN = {"from": "2026-10-24", "to": "2026-10-26", "tz": "Europe/Berlin"}
COSTS = (
    "media_source,campaign,date,cost,currency\n"
    "alpha,spring,2026-10-25,30,USD\nbeta,,2026-10-25,5,EUR\nalpha,spring,2026-10-26,700,JPY\n"
)
RATES = "date,currency,rate\n2026-10-24,USD,0.5\n"
ACTIVITY_AGREES = """
SELECT count() FROM (
    SELECT quarter_hour, app_id, person_key, currency FROM (
        SELECT quarter_hour, app_id, person_key, currency, toInt64(sessions) AS s, toInt64(events) AS e, revenue AS r
        FROM {activity} FINAL
        UNION ALL
        SELECT toStartOfFifteenMinutes(event_time), app_id, xxh3(concat('vendor_id:', device_id)),
            if(isNull(revenue), '', currency), -1 * (event_type = 'session'), -1, -ifNull(revenue, 0)
        FROM {events} FINAL WHERE event_type IN ('session', 'in_app', 'purchase', 'ad_revenue', 'install', 'reinstall')
    )
    GROUP BY quarter_hour, app_id, person_key, currency
    HAVING sum(s) != 0 OR sum(e) != 0 OR sum(r) != 0
)
"""
TOUCHES_AGREE = """
SELECT count() FROM (
    SELECT quarter_hour, touch_type, source, sum(n) FROM (
        SELECT quarter_hour, touch_type, media_source AS source, toInt64(touches) AS n FROM {touch_counts} FINAL
        UNION ALL
        SELECT toStartOfFifteenMinutes(event_time), event_type, media_source, -1
        FROM {events} FINAL WHERE event_type IN ('click', 'impression')
    )
    GROUP BY quarter_hour, touch_type, source
    HAVING sum(n) != 0
)
"""


def world() -> list[dict[str, Any]]:
    """Plant: alpha wins two installs (d1, d2) on the long day, beta none; d3 comes by itself the day after."""
    at = {"app_id": "app", "country": "DE", "platform": "android"}
    alpha = at | {"media_source": "alpha", "campaign": "spring"}
    cpm = {"cost_value": "8", "cost_model": "cpm", "cost_currency": "EUR"}
    cpc = {"cost_value": "0.25", "cost_model": "cpc", "cost_currency": "EUR"}
    return [
        *(event("impression", event_time=f"2026-10-24T21:5{n}:00Z", **alpha, **cpm) for n in range(4)),
        event("click", event_time="2026-10-24T21:59:00Z", device_id="d1", **alpha, **cpc),
        event("click", event_time="2026-10-25T10:00:00Z", device_id="d2", **alpha, **cpc),
        event("click", event_time="2026-10-25T10:30:00Z", **at, media_source="beta", **cpc),
        event("install", event_time="2026-10-24T22:00:00Z", device_id="d1", **at),
        event("install", event_time="2026-10-25T22:59:00Z", device_id="d2", **at),
        event("install", event_time="2026-10-25T23:00:00Z", device_id="d3", **at),
        event("session", event_time="2026-10-25T22:30:00Z", device_id="d1", **at),
        event("session", event_time="2026-10-26T23:10:00Z", device_id="d2", **at),
        event("purchase", event_time="2026-10-25T12:00:00Z", device_id="d1", revenue="10", currency="EUR", **at),
        event("purchase", event_time="2026-10-26T12:00:00Z", device_id="d2", revenue="8", currency="USD", **at),
        event("purchase", event_time="2026-10-26T12:05:00Z", device_id="d2", revenue="1000", currency="JPY", **at),
    ]


@pytest.fixture(scope="module")
async def tenant(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant with the planted world in it, counted and published."""
    made = await new_tenant(running)
    headers = {"X-Tenant-ID": made.tenant_id, "X-Write-Key": made.write_key}
    async with (
        api_of(running, made) as owner,
        httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=30, trust_env=False) as http,
    ):
        answer = await http.post("/api/v1/events/ingest", json=world(), params={"wait": "stored"})
        assert answer.json()["accepted"] == len(world())
        await owner.put("/api/v1/settings", {"currency": "EUR", "time_zone": "Europe/Berlin"})
        for path, content in (("costs", COSTS), ("rates", RATES)):
            await send(owner, f"/api/v1/{path}/upload", content)

        async def is_there() -> bool:
            totals = (await owner.get("/api/v1/reports/overview", **SPAN))["totals"]
            there = [totals[name] for name in ("impressions", "clicks", "installs", "purchases", "users")]
            return there == [4, 3, 3, 3, 3]

        await eventually(is_there)
    return made


async def send(api: TenantApi, path: str, content: str, **parameters: str) -> dict[str, Any]:
    return await api.upload(path, content.encode(), **parameters)


def figures(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    """Read some figures of a row; amounts, which are text, as decimals."""
    return tuple(Decimal(row[name]) if isinstance(row[name], str) else row[name] for name in names)


async def test_overview(api: TenantApi) -> None:
    """Each figure lies on its day of Berlin, across the end of summer time; ratios by their definitions."""
    report = await api.get("/api/v1/reports/overview", compare="true", **SPAN)
    days = {row["day"]: row for row in report["data"]}
    assert list(days) == ["2026-10-24", "2026-10-25", "2026-10-26"]
    counts = ("impressions", "clicks", "installs", "organic_installs", "purchases", "users", "sessions", "events")
    assert figures(days["2026-10-24"], *counts) == (4, 1, 0, 0, 0, 0, 0, 0)
    assert figures(days["2026-10-25"], *counts) == (0, 2, 2, 0, 1, 2, 1, 4)
    assert figures(days["2026-10-26"], *counts) == (0, 0, 1, 1, 2, 2, 0, 3)
    # 24th: 4 impressions at 8 a thousand, 1 click; 25th: uploaded, so no click counts: 30 USD at 0.5, and 5 EUR.
    costs = [figures(row, "cost", "revenue") for row in report["data"]]
    assert costs == [(Decimal("0.282"), 0), (20, 10), (0, 4)]
    totals = report["totals"]
    assert figures(totals, "users", "revenue", "cost") == (3, 14, Decimal("20.282"))
    assert totals["ctr"] == 3 / 4
    assert totals["cvr"] == pytest.approx(2 / 3)
    assert figures(totals, "cpi", "arpu") == (Decimal("10.141"), Decimal("4.666667"))
    assert days["2026-10-26"]["ctr"] is None
    assert report["previous"]["to"] == "2026-10-23"
    assert report["previous"]["change"]["installs"] is None


async def test_what_has_no_rate_is_listed(api: TenantApi) -> None:
    """Yen stay yen, in revenue and in cost, and are in no sum."""
    report = await api.get("/api/v1/reports/channels", **SPAN)
    (yen,) = report["unconverted"]
    assert yen["currency"] == "JPY"
    assert figures(yen, "revenue", "cost") == (1000, 700)


async def test_channels(api: TenantApi) -> None:
    """Every source has its own figures; a cost without a campaign stands beside those with one."""
    report = await api.get("/api/v1/reports/channels", breakdown="media_source,campaign", **SPAN)
    rows = {(row["media_source"], row["campaign"]): row for row in report["data"]}
    alpha = rows["alpha", "spring"]
    assert figures(alpha, "impressions", "clicks", "installs", "cost") == (4, 2, 2, Decimal("15.282"))
    assert figures(rows["beta", ""], "clicks", "installs", "cost") == (1, 0, 5)
    assert rows["beta", ""]["cpi"] is None
    assert rows["organic", ""]["installs"] == 1
    only = await api.get("/api/v1/reports/channels", filter="media_source=alpha,gamma;country!=FR", **SPAN)
    assert [row["media_source"] for row in only["data"]] == ["alpha"]
    assert figures(only["totals"], "installs", "cost") == (2, Decimal("15.282"))


async def test_retention_and_value_of_a_cohort(api: TenantApi) -> None:
    """Of two who installed on the 25th one was active on calendar day 1, both in their second 24 hours."""
    asked = SPAN | {"days": "0,1", "breakdown": "media_source", "filter": "media_source=alpha"}
    calendar = await api.get("/api/v1/reports/cohorts", window="calendar", **asked)
    (row,) = [row for row in calendar["data"] if row["installs"]]
    assert (row["cohort"], row["media_source"]) == ("2026-10-25", "alpha")
    assert figures(row, "installs", "retained_0", "retained_1", "retention_1") == (2, 2, 1, 0.5)
    assert figures(row, "cost", "revenue_0", "revenue_1", "ltv_1") == (15, 10, 14, 7)
    assert row["roas_1"] == pytest.approx(14 / 15)
    hours = (await api.get("/api/v1/reports/retention", **asked))["data"]
    (row,) = [row for row in hours if row["installs"]]
    assert figures(row, "retained_0", "retained_1") == (2, 2)
    ltv = await api.get("/api/v1/reports/ltv", cohort="month", window="calendar", **asked)
    (row,) = ltv["data"]
    assert (row["cohort"], *figures(row, "ltv_0", "ltv_1")) == ("2026-10-01", 5, 7)


async def test_counts_agree_with_the_raw_events(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient
) -> None:
    """Activity and touch counts equal what the raw events add up to, also after an hour got late events and repeats."""
    late = [event("session", event_time="2026-10-25T22:31:00Z", device_id="d1", app_id="app")]
    late += [late[0], event("click", event_time="2026-10-25T10:31:00Z", media_source="beta", app_id="app")]
    for each in late:
        await http.post("/api/v1/events/ingest", json=each, params={"wait": "stored"})
    store = ClickHouse(running.stack.backends, running.stack.settings.clickhouse)
    tables = clickhouse_tables(tenant.tenant_id)

    async def count(statement: str) -> int:
        async with store.client() as client:
            return int((await client.query(fill(statement, tables))).result_rows[0][0])

    async def is_rolled() -> bool:
        return await count("SELECT sum(sessions) FROM {activity} FINAL") == 3

    try:
        rollups = Rollups(store, tenant.tenant_id)
        # Whoever rolls up, and however often, comes to the same.
        hours = [int(datetime.fromisoformat(f"2026-10-25T{hour}:00:00Z").timestamp()) for hour in (10, 22)]
        await rollups.roll(hours, int(utc_now().timestamp() * 1000))
        await eventually(is_rolled)
        assert await count(ACTIVITY_AGREES) == 0
        assert await count(TOUCHES_AGREE) == 0
    finally:
        await store.close()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"])
async def test_summed_weeks_say_what_the_quarters_of_hours_say(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, zone: str
) -> None:
    """Every report is the same before weeks are summed and after, wherever days begin and clocks change."""
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    store = ClickHouse(running.stack.backends, running.stack.settings.clickhouse)
    hours = EventHours(databases.tenant(tenant.tenant_id))
    span = {"from": "2026-10-11", "to": "2026-11-09", "tz": zone, "filter": "app_id=app", "breakdown": "media_source"}
    whole = parse_span(span["from"], span["to"], zone, utc_now().date())

    async def answers() -> list[dict[str, Any]]:
        asked = [("channels", {}), ("overview", {}), ("cohorts", {"window": "calendar"}), ("retention", {})]
        return [await api.get(f"/api/v1/reports/{kind}", **span | more) for kind, more in asked]

    try:
        async with databases.tenant(tenant.tenant_id).connection() as connection:
            await connection.execute("DELETE FROM report_weeks")
        before = await answers()
        assert any(row["retained_1"] for row in before[3]["data"])
        rollups, weeks = Rollups(store, tenant.tenant_id), [date(2026, 10, 12), date(2026, 10, 19), date(2026, 10, 26)]

        async def are_summed() -> bool:
            # A week that the tenant's own roller is at work on meanwhile is not noted: it would be summed again.
            asked_at = int(utc_now().timestamp() * 1000)
            for week in weeks:
                await rollups.sum_week(week, asked_at)
                await hours.summed(DueWeek(week, asked_at))
            return await hours.summed_weeks(whole.since, whole.until) == weeks

        await eventually(are_summed)
        assert await answers() == before
    finally:
        await databases.close()
        await store.close()


async def test_a_report_of_too_many_rows_is_refused(
    running: RunningStack, tenant: ProvisionedTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not cut off where nobody sees it: what is asked for must be less."""
    monkeypatch.setattr("storage.clickhouse.report_reader.REPORT_GROUPS_MAX", 1)
    store = ClickHouse(running.stack.backends, running.stack.settings.clickhouse)
    span = parse_span(SPAN["from"], SPAN["to"], SPAN["tz"], utc_now().date())
    query = ReportQuery(span, (Dimension.MEDIA_SOURCE,))
    try:
        reader = await ReportReader.open(store, tenant.tenant_id, query, [])
        with pytest.raises(QuestionTooLarge):
            await reader.touches(by_day=True)
    finally:
        await store.close()


async def test_answers_as_csv_and_parquet(api: TenantApi) -> None:
    """The rows alone, decimals kept, with the currencies that have no rate in a header."""
    path = "/api/v1/reports/channels"
    text = await api.answer(Call("GET", path, SPAN, {"Accept": "text/csv"}))
    assert text.headers["x-unconverted"] == "JPY"
    lines = text.text.split("\r\n")
    assert lines[0].startswith("media_source,impressions,clicks,")
    assert any(line.startswith("alpha,4,2,2,") for line in lines)
    table = await api.answer(Call("GET", path, SPAN, {"Accept": "application/vnd.apache.parquet"}))
    rows = pq.read_table(io.BytesIO(table.content)).to_pylist()
    assert {row["media_source"]: row["cost"] for row in rows}["beta"] == Decimal(5)


async def test_a_dry_run_says_what_is_wrong_with_which_line(api: TenantApi) -> None:
    """Each fault with its line and field; nothing is stored, with or without the dry run."""
    content = "Network,Day,Spend,currency\nalpha,2026-10-01,12.5,EUR\n,2026-10-01,1,EUR\nb,01.10.2026,x,EU\n"
    named = {"mapping": orjson.dumps({"Network": "media_source", "Day": "date", "Spend": "cost"}).decode()}
    before = await api.get("/api/v1/costs")
    said = await send(api, "/api/v1/costs/upload", content, dry_run="true", **named)
    assert (said["lines"], said["new"], said["faulty"]) == (3, 1, 2)
    assert [(fault["line"], fault["field"]) for fault in said["faults"]] == [(3, "media_source"), (4, "date")]
    with pytest.raises(ProblemError) as refused:
        await send(api, "/api/v1/costs/upload", content, **named)
    assert (refused.value.status, refused.value.document["errors"][0]["index"]) == (422, 3)
    assert await api.get("/api/v1/costs") == before


async def test_costs_are_made_changed_and_deleted(api: TenantApi) -> None:
    """One cost through its life; the same day and names again is the same cost."""
    new = {"media_source": "gamma", "date": "2026-01-05", "cost": "12.50", "currency": "EUR"}
    made = await api.post("/api/v1/costs", new)
    again = await api.post("/api/v1/costs", new | {"cost": "13"})
    assert (again["cost_id"], made["cost"], again["cost"]) == (made["cost_id"], "12.5", "13")
    path = f"/api/v1/costs/{made['cost_id']}"
    await api.put(path, new | {"campaign": "autumn"})
    assert (await api.get(path))["campaign"] == "autumn"
    await api.delete(path)
    with pytest.raises(ProblemError, match="cost"):
        await api.get(path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"tz": "Mars/Olympus"},
        {"from": "2026-13-01"},
        {"from": "2026-10-02", "to": "2026-10-01"},
        {"breakdown": "revenue"},
        {"filter": "media_source"},
        {"filter": "password=1"},
    ],
)
async def test_wrong_parameters_are_explained(api: TenantApi, wrong: dict[str, str]) -> None:
    """A 400 that names the parameter."""
    with pytest.raises(ProblemError) as refused:
        await api.get("/api/v1/reports/overview", **wrong)
    assert (refused.value.status, refused.value.document["code"]) == (400, "report-parameter-invalid")
    assert f"`{next(iter(wrong))}`" in refused.value.document["detail"]


async def test_commands_print_reports(running: RunningStack, tenant: ProvisionedTenant, tmp_path: Path) -> None:
    """`report`, `costs` and `rates` on the command line, as tables and as JSON."""
    save_credentials(
        running.stack.settings.data_dir,
        Credentials(tenant.tenant_id, tenant.host, tenant.write_key, tenant.owner_email, tenant.owner_password),
    )
    kept = {
        "UNMOGROW_DATA_DIR": str(running.stack.settings.data_dir),
        "COLUMNS": "200",
    }
    where = ["--tenant", tenant.tenant_id, "--url", running.tenant_url]
    file = tmp_path / "costs.csv"
    file.write_text("media_source,date,cost,currency\ndelta,2026-02-01,1,EUR\n", encoding="utf-8")

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, [*arguments, *where], env=kept)
        assert done.exit_code == 0, done.output
        return done.output

    span = ["--from", "2026-10-24", "--to", "2026-10-26"]
    for kind in ("overview", "channels", "cohorts", "retention", "ltv"):
        assert kind in await asyncio.to_thread(run, "report", kind, *span)
    report = orjson.loads(await asyncio.to_thread(run, "report", "channels", *span, "--json"))
    assert report["totals"]["installs"] == 3
    assert "1 new" in await asyncio.to_thread(run, "costs", "upload", str(file))
    assert "delta" in await asyncio.to_thread(run, "costs", "list")
    assert "USD" in await asyncio.to_thread(run, "rates", "list")
