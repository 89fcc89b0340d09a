"""Credits and journeys on the terminal."""

from collections.abc import Sequence

from rich import box
from rich.markup import escape
from rich.table import Table

from attribution.model_spec import ModelResult
from cli.context import console
from unmogrow.client.tenant_models import JourneysReport, LagRow

_BAR_CHARS = 12
_EIGHTHS = " ▏▎▍▌▋▊▉"


def print_credits(result: ModelResult, unit: str) -> None:
    """Print a model's credits with intervals and bars, ties in words, and what it takes for granted."""
    has_effects = any(each.effect is not None for each in result.credits)
    intervals = any(each.low is not None for each in result.credits)
    table = Table(title=f"{result.spec.model.value}: {unit} by channel", box=box.SIMPLE_HEAD)
    table.add_column("channel", no_wrap=True)
    numbers = (
        [unit, "share"]
        + ([f"{result.spec.confidence:.0%} interval"] if intervals else [])
        + (["removal"] if has_effects else [])
    )
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    most = max((each.credit for each in result.credits), default=0.0)
    for each in result.credits:
        table.add_row(
            escape(each.channel),
            f"{each.credit:,.2f}",
            f"{each.share:.1%}",
            *([f"{each.low:,.0f} to {each.high:,.0f}"] if each.low is not None else []),
            *([f"{each.effect:.4f}"] if each.effect is not None else []),
            f"[cyan]{bar(each.credit / most if most > 0 else 0.0)}[/]",
        )
    console.print(table)
    for each in result.credits:
        if each.ties:
            console.print(f"{escape(each.channel)} is not told apart from {escape(', '.join(each.ties))}.")
    console.print(f"[dim]{result.note}[/]")


def print_journeys(found: JourneysReport) -> None:
    """Print the commonest paths, who assists, and how long it takes."""
    made = found.journeys
    console.print(
        f"{made.converting:,.0f} journeys converted, {made.null:,.0f} did not; "
        f"{made.without_touches:,} conversions had no touch."
    )
    _print_rows(
        "Commonest paths",
        ("path", "conversions", "no conversion", "rate"),
        [
            (" > ".join(path.path), f"{path.conversions:,.0f}", f"{path.nulls:,.0f}", f"{path.rate:.1%}")
            for path in found.paths
        ],
    )
    _print_rows(
        "Assists",
        ("channel", "assisted", "last touch", "first touch", "assisted / last"),
        [
            (
                row.channel,
                *(f"{count:,.0f}" for count in (row.assisted, row.last_touch, row.first_touch)),
                "" if row.ratio is None else f"{row.ratio:.2f}",
            )
            for row in found.assists
        ],
    )
    most = max((lag.from_first_touch for lag in found.lags), default=0.0)
    _print_rows(
        "Time from first touch to conversion",
        ("hours", "conversions", ""),
        [
            (
                _hours(lag),
                f"{lag.from_first_touch:,.0f}",
                bar(lag.from_first_touch / most if most else 0.0),
            )
            for lag in found.lags
        ],
    )


def bar(part: float) -> str:
    """Draw a part of one, in eighths of a character."""
    eighths = round(max(part, 0.0) * _BAR_CHARS * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _hours(lag: LagRow) -> str:
    return f"{lag.from_hours} to {lag.until_hours}" if lag.until_hours else f"{lag.from_hours} or more"


def _print_rows(title: str, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(title=title, box=box.SIMPLE_HEAD)
    for place, name in enumerate(names):
        table.add_column(name, justify="left" if place == 0 or not name else "right")
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)
