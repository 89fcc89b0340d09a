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

from cli.context import api_url, ask, client_of, console, credentials_for, fail, progress_bar
from cli.credentials import write_private
from cli.ingest_commands import print_ingested
from cli.options import TenantOption, UrlOption
from local.demo_journeys import make_demo
from local.demo_paths import LastTouchTotal, PathsFile, PathsFileError, last_touch_totals, path_events, read_paths
from schemas.limits import PAGE_ROWS_MAX
from schemas.settings import Settings
from telemetry.clock import utc_now
from unmogrow.client import Ingested, TenantClient

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
    client = client_of(api_url(settings, url), credentials_for(settings, tenant))
    if paths is None:
        print_ingested(ask(client, lambda api: load_demo(api, settings.data_dir, seed)))
        return
    try:
        file = read_paths(paths)
    except (OSError, PathsFileError) as error:
        raise fail(f"{paths}: {error}") from error
    app_id = f"paths.{paths.stem}"
    outcome = ask(client, lambda api: load_paths(api, file, app_id=app_id, now=utc_now()))
    print_ingested(outcome.done)
    _print_comparison(outcome)
    if outcome.expected != outcome.found:
        raise fail("Last-touch totals differ from those counted from the file.")


async def load_demo(api: TenantClient, data_dir: Path, seed: int) -> Ingested:
    """Send the invented journeys and keep their truth."""
    made = make_demo(seed=seed, now=utc_now(), app_id=DEMO_APP)
    write_private(data_dir / "demo" / "truth.json", made.truth)
    return await _send(api, "Loading demo journeys", made.rows, len(made.rows))


@dataclass(frozen=True, slots=True)
class PathsOutcome:
    """Last-touch totals by channel: counted from the file, and as the API gives them."""

    done: Ingested
    expected: dict[str, LastTouchTotal]
    found: dict[str, LastTouchTotal]


async def load_paths(api: TenantClient, file: PathsFile, *, app_id: str, now: datetime) -> PathsOutcome:
    """Send a file's journeys, wait until every conversion is attributed, and add the results up."""
    rows = path_events(file, app_id=app_id, now=now)
    done = await _send(api, "Loading conversion paths", rows, file.events_total)
    with progress_bar("events") as progress:
        task = progress.add_task("Attributing conversions", total=file.conversions_total)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                found = await _attributed(api, app_id)
                count = sum(total.installs for total in found.values())
                progress.update(task, completed=count)
                if count >= file.conversions_total:
                    return PathsOutcome(done, last_touch_totals(file), found)
                await asyncio.sleep(_POLL_SECONDS)


async def _send(api: TenantClient, what: str, rows: Iterable[bytes], total: int) -> Ingested:
    done = Ingested()
    with progress_bar("events") as progress:
        task = progress.add_task(what, total=total)
        async for receipt in api.ingest_batches(rows):
            done.add(receipt)
            progress.advance(task, receipt.rows)
    return done


async def _attributed(api: TenantClient, app_id: str) -> dict[str, LastTouchTotal]:
    totals: defaultdict[str, LastTouchTotal] = defaultdict(lambda: LastTouchTotal(0, Decimal(0)))
    async for result in api.iter_attributions(conversion_type="install", limit=PAGE_ROWS_MAX):
        if result.app_id == app_id:
            source = result.media_source or ""
            installs, value = totals[source]
            totals[source] = LastTouchTotal(installs + 1, value + Decimal(result.revenue or 0))
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
