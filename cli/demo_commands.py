"""`unmogrow demo load`: fill a tenant with journeys whose truth is known, through the public HTTP API."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.context import api_url, console, credentials_for, fail, progress_bar, run_api
from cli.credentials import Credentials, write_private
from cli.ingest_commands import print_tally
from cli.options import TenantOption, UrlOption
from cli.tenant_api import TenantApi
from cli.upload import Tally, upload
from local.demo_journeys import make_demo
from local.demo_paths import LastTouchTotal, PathsFile, PathsFileError, last_touch_totals, path_events, read_paths
from schemas.limits import PAGE_ROWS_MAX
from schemas.settings import Settings
from telemetry.clock import utc_now

DEMO_SEED = 20_260_101
DEMO_APP = "com.example.demo"
_POLL_SECONDS = 1.0
_PATIENCE_SECONDS = 300.0

app = typer.Typer(help="Demo data with a known truth.", no_args_is_help=True)


@app.callback()
def demo() -> None:
    """Demo data with a known truth."""


@app.command()
def load(
    tenant: TenantOption = "t123",
    paths: Annotated[
        Path | None,
        typer.Option(help="A file of conversion paths (path; total_conversions; total_conversion_value; total_null)."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed on the same day makes the same events.")] = DEMO_SEED,
    url: UrlOption = None,
) -> None:
    """Load demo journeys into a tenant.

    Without --paths: two weeks of invented journeys with planted channel effects; what is true of them is
    written beside (demo/truth.json in the data folder). With --paths: real conversion paths become impressions,
    clicks and installs; when all are attributed, last-touch totals are compared with the file's.

    Loading twice changes nothing: the events have the same ids.
    """
    settings = Settings()
    credentials = credentials_for(settings, tenant)
    target = api_url(settings, url)
    if paths is None:
        tally = run_api(load_demo(target, credentials, settings.data_dir, seed))
        print_tally(tally)
        return
    try:
        file = read_paths(paths)
    except (OSError, PathsFileError) as error:
        raise fail(f"{paths}: {error}") from error
    outcome = run_api(load_paths(target, credentials, file, app_id=f"paths.{paths.stem}", now=utc_now()))
    print_tally(outcome.tally)
    _print_comparison(outcome)
    if outcome.expected != outcome.found:
        raise fail("Last-touch totals differ from those counted from the file.")


async def load_demo(url: str, credentials: Credentials, data_dir: Path, seed: int) -> Tally:
    """Send the invented journeys and keep their truth."""
    made = make_demo(seed=seed, now=utc_now(), app_id=DEMO_APP)
    write_private(data_dir / "demo" / "truth.json", made.truth)
    return await _send(url, credentials, "Loading demo journeys", made.rows, len(made.rows))


@dataclass(frozen=True, slots=True)
class PathsOutcome:
    """Last-touch totals by channel: counted from the file, and as the API gives them."""

    tally: Tally
    expected: dict[str, LastTouchTotal]
    found: dict[str, LastTouchTotal]


async def load_paths(
    url: str, credentials: Credentials, file: PathsFile, *, app_id: str, now: datetime
) -> PathsOutcome:
    """Send a file's journeys, wait until every conversion is attributed, and add the results up."""
    rows = path_events(file, app_id=app_id, now=now)
    tally = await _send(url, credentials, "Loading conversion paths", rows, file.events_total)
    async with TenantApi(url, credentials) as api, asyncio.timeout(_PATIENCE_SECONDS):
        with progress_bar("events") as progress:
            task = progress.add_task("Attributing conversions", total=file.conversions_total)
            while True:
                found = await _attributed(api, app_id)
                count = sum(total.installs for total in found.values())
                progress.update(task, completed=count)
                if count >= file.conversions_total:
                    return PathsOutcome(tally, last_touch_totals(file), found)
                await asyncio.sleep(_POLL_SECONDS)


async def _send(url: str, credentials: Credentials, what: str, rows: Iterable[bytes], total: int) -> Tally:
    tally = Tally()
    async with TenantApi(url, credentials) as api:
        with progress_bar("events") as progress:
            task = progress.add_task(what, total=total)
            await upload(api, rows, tally, lambda count, _: progress.advance(task, count))
    return tally


async def _attributed(api: TenantApi, app_id: str) -> dict[str, LastTouchTotal]:
    totals: defaultdict[str, LastTouchTotal] = defaultdict(lambda: LastTouchTotal(0, Decimal(0)))
    async for result in api.pages("/api/v1/attributions", conversion_type="install", limit=PAGE_ROWS_MAX):
        if result.get("app_id") == app_id:
            installs, value = totals[result["media_source"]]
            revenue = Decimal(str(result.get("revenue", 0)))
            totals[result["media_source"]] = LastTouchTotal(installs + 1, value + revenue)
    return dict(totals)


def _print_comparison(outcome: PathsOutcome) -> None:
    table = Table("channel", "installs in file", "installs by API", "value in file", "value by API", title="Last touch")
    for channel in sorted(outcome.expected | outcome.found):
        expected = outcome.expected.get(channel, LastTouchTotal(0, Decimal(0)))
        found = outcome.found.get(channel, LastTouchTotal(0, Decimal(0)))
        style = "" if expected == found else "red"
        table.add_row(
            channel, f"{expected.installs:,}", f"{found.installs:,}", str(expected.value), str(found.value), style=style
        )
    console.print(table)
