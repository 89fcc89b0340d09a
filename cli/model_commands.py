"""`unmogrow models`: multi-touch models over a file of conversion paths, without anything running."""

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from attribution.model_spec import MARKOV_ORDER_MAX, REPLICATES_MAX, Model, ModelResult, ModelSpec
from cli.context import console, fail
from local.demo_paths import ConversionPath, PathsFileError, read_paths

_BAR_CHARS = 12
_EIGHTHS = " ▏▎▍▌▋▊▉"


def models(
    file: Annotated[
        Path, typer.Argument(help="Paths (a > b > c) with their counts: path, total_conversions, total_null; ; or ,")
    ],
    model: Annotated[Model, typer.Option(help="How to share conversions out.")] = Model.MARKOV,
    order: Annotated[int, typer.Option(min=1, max=MARKOV_ORDER_MAX, help="markov: how many touches it remembers.")] = 1,
    half_life: Annotated[float, typer.Option(help="time_decay: in days.")] = 7.0,
    gap: Annotated[float, typer.Option(help="Days between two touches: a file of paths has no times.")] = 1.0,
    weights: Annotated[str, typer.Option(help="custom: for first, middle and last touches.")] = "0.4,0.2,0.4",
    direct: Annotated[
        str, typer.Option(help="last_non_direct: the channel of those who came by themselves.")
    ] = "direct",
    replicates: Annotated[
        int, typer.Option(min=0, max=REPLICATES_MAX, help="Of the bootstrap; 0: no intervals.")
    ] = 200,
    seed: Annotated[int, typer.Option(help="Of the bootstrap: the same seed gives the same intervals.")] = 0,
    *,
    value: Annotated[bool, typer.Option("--value", help="Share out what the conversions were worth.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print {channel: credit} alone.")] = False,
) -> None:
    """Share the conversions of a file of paths out over its channels.

    Example: unmogrow models paths.csv --model markov --order 2
    """
    spec = ModelSpec(
        model=model,
        markov_order=order,
        half_life_days=half_life,
        custom_weights=_three(weights),
        direct_channel=direct,
        replicates=0 if as_json else replicates,
        seed=seed,
    )
    result = _computed(_paths(file, needs_value=value), spec, gap_days=gap, by_value=value)
    if as_json:
        credits_by_channel = {each.channel: each.credit for each in result.credits}
        sys.stdout.buffer.write(orjson.dumps(credits_by_channel, option=orjson.OPT_APPEND_NEWLINE))
    else:
        _print(result, "value" if value else "conversions")


def _three(text: str) -> tuple[float, float, float]:
    try:
        first, middle, last = map(float, text.split(","))
    except ValueError as error:
        raise typer.BadParameter("three numbers are needed, such as 0.5,0.2,0.3", param_hint="--weights") from error
    return first, middle, last


def _paths(file: Path, *, needs_value: bool) -> tuple[ConversionPath, ...]:
    try:
        paths = read_paths(file).paths
    except (OSError, PathsFileError) as error:
        raise fail(f"{file}: {error}") from error
    if needs_value and any(path.value is None for path in paths if path.conversions):
        raise fail(f"{file}: it says not of every path what its conversions were worth (total_conversion_value)")
    return paths


def _computed(paths: tuple[ConversionPath, ...], spec: ModelSpec, *, gap_days: float, by_value: bool) -> ModelResult:
    # What computes takes half a second to import: no other command should wait for it.
    from attribution.journeys import journeys_of_paths  # noqa: PLC0415
    from attribution.models import credit  # noqa: PLC0415

    journeys = journeys_of_paths(
        [path.steps for path in paths],
        [path.conversions for path in paths],
        [path.nulls for path in paths],
        [float(path.value or 0) for path in paths],
        gap_days=gap_days,
    )
    try:
        return credit(journeys, spec, by_value=by_value)
    except ValueError as error:
        raise fail(str(error)) from error


def _print(result: ModelResult, unit: str) -> None:
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
            f"[cyan]{_bar(each.credit / most if most > 0 else 0.0)}[/]",
        )
    console.print(table)
    for each in result.credits:
        if each.ties:
            console.print(f"{escape(each.channel)} is not told apart from {escape(', '.join(each.ties))}.")
    console.print(f"[dim]{result.note}[/]")


def _bar(part: float) -> str:
    eighths = round(max(part, 0.0) * _BAR_CHARS * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
