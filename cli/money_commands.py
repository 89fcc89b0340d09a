"""`unmogrow costs` and `unmogrow rates`: what advertising cost, and what currencies are worth."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cli.context import ask, collected, console, fail, print_json, user_api
from cli.options import JsonOption, MappingOption, TenantOption, UrlOption, mapping_json
from cli.upload import file_pieces
from unmogrow.client import TenantClient
from unmogrow.client.shape import Shape
from unmogrow.client.tenant_models import Uploaded

costs_app = typer.Typer(help="Enter and list what advertising cost.", no_args_is_help=True)
rates_app = typer.Typer(help="Enter and list what currencies are worth.", no_args_is_help=True)

_File = Annotated[Path, typer.Argument(help="CSV with a header.", exists=True, dir_okay=False)]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what is wrong with which line, store nothing.")]


def _upload_command(to: typer.Typer, upload: Callable[..., Awaitable[Uploaded]], purpose: str) -> None:
    """Make a command that enters a file: they differ in what its lines are."""

    def command(
        file: _File,
        tenant: TenantOption = "t123",
        mapping: MappingOption = None,
        url: UrlOption = None,
        *,
        dry_run: _DryRun = False,
        as_json: JsonOption = False,
    ) -> None:
        pieces, pairs = file_pieces(file, lambda _: None), mapping_json(mapping)
        done = ask(user_api(tenant, url), lambda api: upload(api, pieces, mapping=pairs, dry_run=dry_run))
        _say(done, as_json=as_json)

    to.command("upload", help=purpose)(command)


_upload_command(
    costs_app,
    TenantClient.upload_costs,
    "Enter costs: media_source, campaign, adset, date, app_id, country, cost, currency.\n\n"
    "Example: unmogrow costs upload spend.csv --mapping Spend=cost --mapping Network=media_source --dry-run",
)
_upload_command(
    rates_app,
    TenantClient.upload_rates,
    "Enter rates into the tenant's currency: date, currency, rate.\n\nExample: unmogrow rates upload rates.csv",
)


@costs_app.command("list")
def list_costs(
    tenant: TenantOption = "t123",
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, included.")] = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List costs, newest day first."""
    since, until = first and first.date(), last and last.date()
    rows = ask(user_api(tenant, url), lambda api: collected(api.iter_costs(from_=since, to=until)))
    columns = ("date", "media_source", "campaign", "adset", "app_id", "country", "cost", "currency")
    _list(rows, columns, as_json=as_json)


@rates_app.command("list")
def list_rates(tenant: TenantOption = "t123", url: UrlOption = None, *, as_json: JsonOption = False) -> None:
    """List rates, newest day first."""
    rows = ask(user_api(tenant, url), lambda api: collected(api.iter_rates()))
    _list(rows, ("date", "currency", "rate", "quote"), as_json=as_json)


def _say(done: Uploaded, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    if done.faults:
        table = Table("line", "field", "why", title="Lines at fault")
        for fault in done.faults:
            table.add_row(f"{fault.line:,}", fault.field, escape(fault.detail))
        console.print(table)
    said = "A dry run: nothing was stored. " if done.dry_run else ""
    console.print(f"{said}{done.new:,} new, {done.changed:,} changed, {done.unchanged:,} as they were.")
    if done.faulty:
        raise fail(f"{done.faulty:,} of {done.lines:,} lines are at fault.")


def _list(rows: Sequence[Shape], columns: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*(escape(str(getattr(row, column))) for column in columns))
    console.print(table)
