"""Reports over ten million events of one tenant, asked as the site asks: over HTTP, with a user's token.

The events are made inside the store and rolled up by the product's own code; a share of them is published as attributed
conversions. Each report is asked for over a week, a month and a quarter, in a time zone that changes its clocks, with
and without a breakdown.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from clickhouse_connect.driver import create_async_client
from clickhouse_connect.driver.asyncclient import AsyncClient
from rich.console import Console
from rich.table import Table

from cli.context import client_of
from cli.credentials import Credentials
from local.stack import Stack
from schemas.settings import Settings
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.rollups import Rollups
from storage.names import clickhouse_tables, data_tables
from storage.postgres.connect import Databases
from storage.postgres.event_hours import DueWeek, EventHours
from storage.sql import fill, load_queries
from tenancy.provisioning import ProvisionedTenant, TenantRequest
from unmogrow.client import TenantClient
from unmogrow.client.tenant_models import CohortReport, LtvReport, NewReportSettings, PerformanceReport

RESULTS = Path(__file__).parent / "results" / "reports.json"
GOAL_P95_MS = 300.0
PEOPLE = 150_000
DAYS = 90
FIRST_DAY = date(2026, 1, 15)
SPANS = {"week": 7, "month": 30, "quarter": 90}
ZONE = "Europe/Berlin"
_TENANT = TenantRequest(
    "benchreports", "benchreports.localhost", "Benchmark of reports", "owner@benchreports.localhost"
)
_SHARES = {"touches": 0.66, "later": 0.38}
"""Of the events that are asked for; of those after an install a tenth falls after the last day and is left out."""
_AT_REST = ("attributed", "activity", "touch_counts", "activity_weeks", "touch_weeks", "revenue_weeks", "cost_weeks")
_CHUNK_ROWS = 500_000
_HOUR_SECONDS = 3_600
_DAY_SECONDS = 86_400
_WEEK_DAYS = 7
_SQL = load_queries("bench", "reports.sql")

console = Console(width=max(Console().width, 110))


@dataclass(frozen=True, slots=True)
class Figure:
    """One report over one span: how long an answer took, in milliseconds, and how many rows it had."""

    report: str
    breakdown: str
    span: str
    rows: int
    p50_ms: float
    p95_ms: float


async def make_events(stack: Stack, tenant: ProvisionedTenant, events: int) -> float:
    """Fill the tenant's tables; return how many seconds the roll-up took."""
    store = await create_async_client(dsn=stack.clickhouse_url, send_receive_timeout=600)
    tables = clickhouse_tables(tenant.tenant_id)
    for name in data_tables(tenant.tenant_id).values():
        await store.command(f"TRUNCATE TABLE {name}")
    for name, rows, salt in (
        ("touches", int(events * _SHARES["touches"]), 11),
        ("installs", PEOPLE, 21),
        ("later", int(events * _SHARES["later"]), 31),
        ("attributed", PEOPLE, 21),
    ):
        console.print(f"Making {name}")
        for first in range(0, rows, _CHUNK_ROWS):
            statement = _statement(name, tables, first, min(_CHUNK_ROWS, rows - first), salt)
            await store.command(statement, settings={"max_threads": 1, "max_insert_block_size": 65_536})
    console.print("Rolling up")
    clickhouse = ClickHouse(stack.backends, stack.settings.clickhouse)
    rollups, started = Rollups(clickhouse, tenant.tenant_id), time.perf_counter()
    begin = _begin_seconds()
    for day in range(DAYS):
        hours = range(begin + day * _DAY_SECONDS, begin + (day + 1) * _DAY_SECONDS, _HOUR_SECONDS)
        await rollups.roll(hours, int(time.time() * 1000))
    databases = Databases(stack.backends, stack.settings.postgres)
    event_hours = EventHours(databases.tenant(tenant.tenant_id))
    for number in range(0, DAYS + _WEEK_DAYS, _WEEK_DAYS):
        within = FIRST_DAY + timedelta(days=number)
        due = DueWeek(within - timedelta(days=within.weekday()), int(time.time() * 1000))
        await rollups.sum_week(due.week, due.asked_at)
        await event_hours.summed(due)
    seconds = time.perf_counter() - started
    await databases.close()
    await clickhouse.close()
    await _rest(store, tables)
    await store.close()
    return seconds


async def _rest(store: AsyncClient, tables: dict[str, str]) -> None:
    """Merge the months that are over, as the store does by itself once nothing came for them for some hours."""
    last = FIRST_DAY + timedelta(days=DAYS - 1)
    months = sorted({(FIRST_DAY + timedelta(days=number)).replace(day=1) for number in range(DAYS)})
    for month in months:
        if month != last.replace(day=1):
            for slot in _AT_REST:
                await store.command(f"OPTIMIZE TABLE {tables[slot]} PARTITION {month:%Y%m} FINAL")


def _begin_seconds() -> int:
    return int(datetime.combine(FIRST_DAY, datetime.min.time(), UTC).timestamp())


def _statement(name: str, tables: dict[str, str], first: int, rows: int, salt: int) -> str:
    numbers = {
        "first": first,
        "rows": rows,
        "salt": salt,
        "people": PEOPLE,
        "is_each": int(name in {"installs", "attributed"}),
        "begin_ms": _begin_seconds() * 1000,
        "span_ms": DAYS * 86_400_000,
    }
    slots = {slot: str(value) for slot, value in numbers.items()}
    return fill(fill(_SQL[name], {"drawn": _SQL["drawn"]}), tables | slots)


async def set_money(api: TenantClient) -> None:
    """Give the tenant a currency, rates of every day, and costs of every source and campaign on every day."""
    await api.put_settings(NewReportSettings(currency="EUR", time_zone=ZONE))
    days = [FIRST_DAY + timedelta(days=number) for number in range(DAYS)]
    rates = "date,currency,rate\n" + "".join(f"{day},USD,0.9{day.day:02}\n" for day in days)
    costs = "media_source,campaign,date,cost,currency\n" + "".join(
        f"{source},campaign {campaign},{day},{50 + campaign}.5,USD\n"
        for day in days
        for source in ("google_ads", "meta_ads", "tiktok", "applovin")
        for campaign in range(8)
    )
    await api.upload_rates(rates.encode())
    await api.upload_costs(costs.encode())


def questions() -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Say what is asked: report, breakdown, span, parameters."""
    last = FIRST_DAY + timedelta(days=DAYS - 1)
    for span, days in SPANS.items():
        for report, breakdown in (
            ("overview", ""),
            ("channels", "media_source"),
            ("channels", "media_source,campaign,country"),
            ("cohorts", ""),
            ("retention", ""),
            ("retention", "media_source"),
            ("ltv", ""),
            ("ltv", "media_source"),
        ):
            asked = {"from_": str(last - timedelta(days=days - 1)), "to": str(last), "tz": ZONE, "breakdown": breakdown}
            yield report, breakdown, span, dict(asked)


async def measure(api: TenantClient, runs: int) -> list[Figure]:
    """Ask each question a few times, one after the other."""
    asked: dict[str, Callable[..., Awaitable[PerformanceReport | CohortReport | LtvReport]]] = {
        "overview": api.get_overview,
        "channels": api.get_channels,
        "cohorts": api.get_cohorts,
        "retention": api.get_retention,
        "ltv": api.get_ltv,
    }
    figures = []
    for report, breakdown, span, parameters in questions():
        times, rows = [], 0
        for _ in range(runs + 1):
            started = time.perf_counter()
            rows = len((await asked[report](**parameters)).data)
            times.append((time.perf_counter() - started) * 1000)
        # The first one opens connections.
        percentiles = statistics.quantiles(times[1:], n=20, method="inclusive")
        figures.append(Figure(report, breakdown, span, rows, percentiles[9], percentiles[18]))
    return figures


async def _run(stack: Stack, events: int, runs: int) -> dict[str, object]:
    async with stack.provisioner() as provisioner:
        tenant = await provisioner.create_tenant(_TENANT)
        if tenant.owner_password is None:
            raise SystemExit(
                "The benchmark's tenant is there from another run: `make down`, delete its data, `make up`."
            )
    credentials = Credentials(
        tenant.tenant_id, tenant.host, tenant.write_key, tenant.owner_email, tenant.owner_password
    )
    rolled_seconds = await make_events(stack, tenant, events)
    RESULTS.parent.mkdir(exist_ok=True)
    ports = stack.settings.ports
    async with client_of(f"http://{ports.host}:{ports.tenant}", credentials) as api:
        await set_money(api)
        figures = await measure(api, runs)
    return {
        "events": events,
        "roll_up_seconds": rolled_seconds,
        "goal_p95_ms": GOAL_P95_MS,
        "figures": [asdict(figure) for figure in figures],
    }


def _print(found: dict[str, object]) -> None:
    table = Table("report", "breakdown", "span", "rows", "p50 ms", "p95 ms", "goal", title="Reports")
    figures = found["figures"]
    assert isinstance(figures, list)
    for each in figures:
        figure = Figure(**each)
        mark = "green" if figure.p95_ms < GOAL_P95_MS else "red"
        table.add_row(
            *(figure.report, figure.breakdown, figure.span, f"{figure.rows:,}", f"{figure.p50_ms:.0f}"),
            f"[{mark}]{figure.p95_ms:.0f}[/]",
            f"{GOAL_P95_MS:.0f}",
        )
    console.print(table)
    console.print(f"{found['events']:,} events rolled up in {found['roll_up_seconds']:.1f} s")


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000, help="how many events are made (default 10,000,000)")
    parser.add_argument("--runs", type=int, default=20, help="how often each report is asked for (default 20)")
    arguments = parser.parse_args()
    stack = Stack(Settings())
    if not stack.status():
        raise SystemExit("The stack is not up: run `make up` first.")
    found = asyncio.run(_run(stack, arguments.events, arguments.runs))
    _print(found)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
