"""`unmogrow costs` and `unmogrow rates`: what advertising cost, and what currencies are worth."""

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.context import console, fail, run_api, user_api
from cli.options import JsonOption, MappingOption, TenantOption, UrlOption, mapping_json
from cli.tenant_api import TenantApi

costs_app = typer.Typer(help="Enter and list what advertising cost.", no_args_is_help=True)
rates_app = typer.Typer(help="Enter and list what currencies are worth.", no_args_is_help=True)

_File = Annotated[Path, typer.Argument(help="CSV with a header.", exists=True, dir_okay=False)]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what is wrong with which line, store nothing.")]


def _upload_command(to: typer.Typer, kind: str, purpose: str) -> None:
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
        _upload(user_api(tenant, url), kind, file, mapping, dry_run=dry_run, as_json=as_json)

    to.command("upload", help=purpose)(command)


_upload_command(
    costs_app,
    "costs",
    "Enter costs: media_source, campaign, adset, date, app_id, country, cost, currency.\n\n"
    "Example: unmogrow costs upload spend.csv --mapping Spend=cost --mapping Network=media_source --dry-run",
)
_upload_command(
    rates_app,
    "rates",
    "Enter rates into the tenant's currency: date, currency, rate.\n\nExample: unmogrow rates upload rates.csv",
)


@costs_app.command("list")
def list_costs(
    tenant: TenantOption = "t123",
    first: Annotated[str | None, typer.Option("--from", help="First day.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day, included.")] = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List costs, newest day first."""
    parameters = {name: value for name, value in (("from", first), ("to", last)) if value}
    columns = ("date", "media_source", "campaign", "adset", "app_id", "country", "cost", "currency")
    _list(user_api(tenant, url), "costs", parameters, columns, as_json=as_json)


@rates_app.command("list")
def list_rates(tenant: TenantOption = "t123", url: UrlOption = None, *, as_json: JsonOption = False) -> None:
    """List rates, newest day first."""
    _list(user_api(tenant, url), "rates", {}, ("date", "currency", "rate", "quote"), as_json=as_json)


def _upload(client: TenantApi, kind: str, file: Path, pairs: list[str] | None, *, dry_run: bool, as_json: bool) -> None:
    parameters = {"dry_run": str(dry_run).lower(), "mapping": mapping_json(pairs)}
    done = run_api(_sent(client, f"/api/v1/{kind}/upload", file, parameters))
    if as_json:
        typer.echo(orjson.dumps(done).decode())
        return
    if done["faults"]:
        table = Table("line", "field", "why", title="Lines at fault")
        for fault in done["faults"]:
            table.add_row(f"{fault['line']:,}", fault["field"], escape(fault["detail"]))
        console.print(table)
    said = "A dry run: nothing was stored. " if dry_run else ""
    console.print(f"{said}{done['new']:,} new, {done['changed']:,} changed, {done['unchanged']:,} as they were.")
    if done["faulty"]:
        raise fail(f"{done['faulty']:,} of {done['lines']:,} lines are at fault.")


def _list(client: TenantApi, kind: str, parameters: dict[str, str], columns: tuple[str, ...], *, as_json: bool) -> None:
    rows = run_api(_pages(client, f"/api/v1/{kind}", parameters))
    if as_json:
        typer.echo(orjson.dumps(rows).decode())
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*(escape(row[column]) for column in columns))
    console.print(table)


async def _sent(client: TenantApi, path: str, file: Path, parameters: dict[str, str]) -> dict[str, Any]:
    async with client as api:
        return await api.send_file(path, file, parameters, lambda _: None)


async def _pages(client: TenantApi, path: str, parameters: dict[str, str]) -> list[dict[str, Any]]:
    async with client as api:
        return [row async for row in api.pages(path, **parameters)]
