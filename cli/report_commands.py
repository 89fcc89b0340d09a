"""`unmogrow report`: the tenant's reports as tables."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypedDict

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from cli.context import ask, console, print_json, user_api
from cli.options import JsonOption, TenantOption, UrlOption
from unmogrow.client import TenantClient
from unmogrow.client.shape import Shape
from unmogrow.client.tenant_models import CohortReport, LtvReport, PerformanceReport

app = typer.Typer(help="Print reports.", no_args_is_help=True)

First = Annotated[str | None, typer.Option("--from", help="First day, such as 2026-11-01. Default: 30 days.")]
Last = Annotated[str | None, typer.Option("--to", help="Last day, included. Default: today.")]
Zone = Annotated[str | None, typer.Option("--tz", help="IANA time zone of the days. Default: the tenant's.")]
Breakdown = Annotated[str | None, typer.Option(help="Up to three, such as media_source,campaign.")]
Filter = Annotated[str | None, typer.Option("--filter", help="Such as 'media_source=google_ads;country!=DE'.")]
Days = Annotated[str | None, typer.Option(help="Days after the install, such as 0,1,7,30.")]
Window = Annotated[Literal["24h", "calendar"] | None, typer.Option(help="Day N: 24h (since the install) or calendar.")]
Cohort = Annotated[
    Literal["day", "week", "month"] | None, typer.Option(help="Installs of one day, week or month are one cohort.")
]

_PERFORMANCE = (
    *("impressions", "clicks", "installs", "actions", "users", "revenue", "cost", "ctr", "cvr", "cpi", "roas", "arpu"),
)
_BESIDE_CELL = 3
"""Blanks on both sides of a cell, and the line after it."""

_SHARES = ("ctr", "cvr", "retention")
_Report = PerformanceReport | CohortReport | LtvReport


class _Asked(TypedDict):
    """What every report is asked for."""

    from_: str | None
    to: str | None
    tz: str | None
    breakdown: str | None
    filter: str | None


@app.command()
def overview(
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
    """Print every day's figures.

    Example: unmogrow report overview --from 2026-11-01 --tz Europe/Berlin
    """
    asked = _Asked(from_=first, to=last, tz=tz, breakdown=breakdown, filter=conditions)
    _show("overview", ask(user_api(tenant, url), lambda api: api.get_overview(**asked)), _PERFORMANCE, as_json=as_json)


@app.command()
def channels(
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
    """Print every source's figures.

    Example: unmogrow report channels --breakdown media_source,campaign
    """
    asked = _Asked(from_=first, to=last, tz=tz, breakdown=breakdown, filter=conditions)
    _show("channels", ask(user_api(tenant, url), lambda api: api.get_channels(**asked)), _PERFORMANCE, as_json=as_json)


def _cohort_reports(api: TenantClient) -> dict[str, Callable[..., Awaitable[CohortReport | LtvReport]]]:
    return {"cohorts": api.get_cohorts, "retention": api.get_retention, "ltv": api.get_ltv}


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
        asked = _Asked(from_=first, to=last, tz=tz, breakdown=breakdown, filter=conditions)
        found = ask(
            user_api(tenant, url),
            lambda api: _cohort_reports(api)[kind](**asked, days=days, window=window, cohort=cohort),
        )
        _show(kind, found, figures, as_json=as_json)

    app.command(kind, help=purpose)(command)


_cohort_command(
    "cohorts", ("installs", "cost", "retention", "roas"), "Print what became of the people who installed on each day."
)
_cohort_command("retention", ("installs", "retention"), "Print which part of each cohort was active again on day N.")
_cohort_command("ltv", ("installs", "cost", "ltv"), "Print what each cohort had paid by install up to day N.")


def _show(kind: str, found: _Report, figures: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    for table in _tables(kind, found, figures):
        console.print(table)
    if isinstance(found, LtvReport):
        console.print(f"Foretold: {escape(found.pltv.says)}", style="dim")
    for each in found.unconverted:
        amounts = f"revenue {each.revenue}, cost {each.cost}"
        console.print(f"[yellow]not converted[/] {each.currency}: {amounts} (load rates: unmogrow rates upload)")


def _tables(kind: str, found: _Report, figures: Sequence[str]) -> list[Table]:
    """Make one table, or as many with a part of the figures each as the terminal is too narrow for."""
    names = [name for figure in figures for name in _columns(figure, found)]
    first = {"overview": ["day"], "channels": []}.get(kind, ["cohort"])
    labels = [*first, *found.breakdown]
    data, totals = [_fields(row) for row in found.data], _fields(found.totals)
    rows = [[escape(row[label]) for label in labels] for row in data]
    rows.append(["all", *[""] * (len(labels) - 1)])
    cells = {name: [_shown(name, row[name]) for row in (*data, totals)] for name in names}
    widths = {name: max(map(len, (_heading(name), *values))) for name, values in cells.items()}
    label_width = sum(max(map(len, column)) for column in zip(labels, *rows, strict=True))
    parts = parts_that_fit(widths, console.width - label_width - _BESIDE_CELL * len(labels))
    title = f"{kind}, {found.from_} to {found.to} ({found.tz}), {found.currency}"
    return [_table(title if part is parts[0] else None, labels, rows, part, cells) for part in parts]


def parts_that_fit(widths: Mapping[str, int], available: int) -> list[list[str]]:
    """Share columns out to tables, in their order: each takes its width and what stands beside it."""
    parts: list[list[str]] = [[]]
    left = available
    for name, width in widths.items():
        if parts[-1] and width + _BESIDE_CELL > left:
            parts.append([])
            left = available
        parts[-1].append(name)
        left -= width + _BESIDE_CELL
    return parts


def _table(
    title: str | None,
    labels: Sequence[str],
    rows: Sequence[Sequence[str]],
    names: Sequence[str],
    cells: Mapping[str, Sequence[str]],
) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD)
    for label in labels:
        table.add_column(label, no_wrap=True)
    for name in names:
        table.add_column(_heading(name), justify="right", no_wrap=True)
    for place, row in enumerate(rows):
        is_total = place == len(rows) - 1
        if is_total:
            table.add_section()
        table.add_row(*row, *(cells[name][place] for name in names), style="bold" if is_total else None)
    return table


def _heading(name: str) -> str:
    return name.replace("_", " ")


def _fields(row: Shape | dict[str, Any]) -> dict[str, Any]:
    return row if isinstance(row, dict) else row.model_dump(mode="json")


def _columns(figure: str, found: _Report) -> list[str]:
    if isinstance(found, PerformanceReport) or figure in found.totals:
        return [figure]
    return [f"{figure}_{day}" for day in found.days]


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name.startswith(_SHARES):
        return f"{value:.1%}"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{float(value):,.2f}"
