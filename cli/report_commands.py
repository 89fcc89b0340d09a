"""`unmogrow report`: the tenant's reports as tables."""

from collections.abc import Sequence
from typing import Annotated, Any

import orjson
import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from cli.context import console, run_api, user_api
from cli.options import JsonOption, TenantOption, UrlOption
from cli.tenant_api import TenantApi

app = typer.Typer(help="Print reports.", no_args_is_help=True)

First = Annotated[str | None, typer.Option("--from", help="First day, such as 2026-11-01. Default: 30 days.")]
Last = Annotated[str | None, typer.Option("--to", help="Last day, included. Default: today.")]
Zone = Annotated[str | None, typer.Option("--tz", help="IANA time zone of the days. Default: the tenant's.")]
Breakdown = Annotated[str | None, typer.Option(help="Up to three, such as media_source,campaign.")]
Filter = Annotated[str | None, typer.Option("--filter", help="Such as 'media_source=google_ads;country!=DE'.")]
Days = Annotated[str | None, typer.Option(help="Days after the install, such as 0,1,7,30.")]
Window = Annotated[str | None, typer.Option(help="Day N: 24h (since the install) or calendar.")]
Cohort = Annotated[str | None, typer.Option(help="Installs of one day, week or month are one cohort.")]

_PERFORMANCE = (
    *("impressions", "clicks", "installs", "actions", "users", "revenue", "cost", "ctr", "cvr", "cpi", "roas", "arpu"),
)
_SHARES = ("ctr", "cvr", "retention")


def _performance_command(kind: str, purpose: str) -> None:
    """Make a command of a report on what was spent and earned: they differ in what a row is of."""

    def command(
        tenant: TenantOption = "t123",
        first: First = None,
        last: Last = None,
        tz: Zone = None,
        breakdown: Breakdown = None,
        conditions: Filter = None,
        url: UrlOption = None,
        *,
        as_json: JsonOption = False,
    ) -> None:
        asked = {"from": first, "to": last, "tz": tz, "breakdown": breakdown, "filter": conditions}
        _report(user_api(tenant, url), kind, asked, _PERFORMANCE, as_json=as_json)

    app.command(kind, help=purpose)(command)


_performance_command(
    "overview",
    "Print every day's figures.\n\nExample: unmogrow report overview --from 2026-11-01 --tz Europe/Berlin",
)
_performance_command(
    "channels",
    "Print every source's figures.\n\nExample: unmogrow report channels --breakdown media_source,campaign",
)


def _cohort_command(kind: str, figures: tuple[str, ...], purpose: str) -> None:
    """Make a command of a report on cohorts: they differ in their figures alone."""

    def command(
        tenant: TenantOption = "t123",
        first: First = None,
        last: Last = None,
        tz: Zone = None,
        breakdown: Breakdown = None,
        conditions: Filter = None,
        days: Days = None,
        window: Window = None,
        cohort: Cohort = None,
        url: UrlOption = None,
        *,
        as_json: JsonOption = False,
    ) -> None:
        asked = {"from": first, "to": last, "tz": tz, "breakdown": breakdown, "filter": conditions}
        asked |= {"days": days, "window": window, "cohort": cohort}
        _report(user_api(tenant, url), kind, asked, figures, as_json=as_json)

    app.command(kind, help=purpose)(command)


_cohort_command(
    "cohorts", ("installs", "cost", "retention", "roas"), "Print what became of the people who installed on each day."
)
_cohort_command("retention", ("installs", "retention"), "Print which part of each cohort was active again on day N.")
_cohort_command("ltv", ("installs", "cost", "ltv"), "Print what each cohort had paid by install up to day N.")


def _report(
    client: TenantApi, kind: str, asked: dict[str, str | None], figures: Sequence[str], *, as_json: bool
) -> None:
    parameters = {name: value for name, value in asked.items() if value}
    found = run_api(_get(client, f"/api/v1/reports/{kind}", parameters))
    if as_json:
        typer.echo(orjson.dumps(found).decode())
        return
    console.print(_table(kind, found, figures))
    for each in found["unconverted"]:
        amounts = f"revenue {each['revenue']}, cost {each['cost']}"
        console.print(f"[yellow]not converted[/] {each['currency']}: {amounts} (load rates: unmogrow rates upload)")


async def _get(client: TenantApi, path: str, parameters: dict[str, str]) -> dict[str, Any]:
    async with client as api:
        return await api.get(path, **parameters)


def _table(kind: str, found: dict[str, Any], figures: Sequence[str]) -> Table:
    labels = [{"overview": "day", "channels": ""}.get(kind, "cohort"), *found["breakdown"]]
    names = [name for figure in figures for name in _columns(figure, found)]
    title = f"{kind}, {found['from']} to {found['to']} ({found['tz']}), {found['currency']}"
    table = Table(title=title, box=box.SIMPLE_HEAD)
    for label in filter(None, labels):
        table.add_column(label, no_wrap=True)
    for name in names:
        table.add_column(name.replace("_", " "), justify="right", no_wrap=True)
    for row in found["data"]:
        table.add_row(*(escape(row[label]) for label in labels if label), *(_shown(name, row[name]) for name in names))
    table.add_section()
    blank = [""] * (len(list(filter(None, labels))) - 1)
    table.add_row("all", *blank, *(_shown(name, found["totals"][name]) for name in names), style="bold")
    return table


def _columns(figure: str, found: dict[str, Any]) -> list[str]:
    if figure in found["totals"]:
        return [figure]
    return [f"{figure}_{day}" for day in found["days"]]


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name.startswith(_SHARES):
        return f"{value:.1%}"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{float(value):,.2f}"
