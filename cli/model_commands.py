"""`unmogrow models` and `journeys`: over a file of conversion paths, with nothing running, or a tenant's own."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import orjson
import typer

from attribution.model_spec import MARKOV_ORDER_MAX, REPLICATES_MAX, ChannelCredit, Model, ModelResult, ModelSpec
from cli.context import ask, console, fail, print_json, user_api
from cli.model_tables import print_credits, print_journeys
from cli.options import EmailOption, PasswordOption, TenantOption, UrlOption
from local.demo_paths import ConversionPath, PathsFileError, read_paths
from unmogrow.client import TenantClient
from unmogrow.client.tenant_models import ModelsReport

FirstDay = Annotated[str | None, typer.Option("--from", help="First day. Default: 30 days back.")]
LastDay = Annotated[str | None, typer.Option("--to", help="Last day, included. Default: today.")]
BreakdownOption = Annotated[
    str,
    typer.Option("--breakdown", help="What tells channels apart: media_source, channel, campaign, or some by commas."),
]
TypesOption = Annotated[str, typer.Option("--conversion-type", help="Which conversions, joined by commas.")]


@dataclass(frozen=True, slots=True)
class _Journeys:
    """Which journeys of a tenant: of which days, told apart by what, to which conversions."""

    first: str | None
    last: str | None
    breakdown: str
    conversion_type: str
    lead_event: str


def models(
    file: Annotated[
        Path | None,
        typer.Argument(help="Paths (a > b > c) with their counts: path, total_conversions, total_null; ; or ,"),
    ] = None,
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
    tenant: Annotated[
        str | None, typer.Option("--tenant", "-t", help="In the place of a file: this tenant's own journeys.")
    ] = None,
    first: FirstDay = None,
    last: LastDay = None,
    breakdown: BreakdownOption = "media_source",
    conversion_type: TypesOption = "install",
    lead_event: Annotated[str, typer.Option(help="w_shaped: the in-app event that makes a lead.")] = "",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
    *,
    value: Annotated[bool, typer.Option("--value", help="Share out what the conversions were worth.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print {channel: credit} alone.")] = False,
) -> None:
    """Share the conversions of a file of paths, or of a tenant, out over their channels.

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
    if (file is None) == (tenant is None):
        raise fail("Name either a file of paths or a tenant (--tenant).")
    if file is not None and model is Model.DATA_DRIVEN:
        raise fail("A file has no credits of a learned model: name a tenant (--tenant).")
    if file is not None:
        result, without = _computed(_paths(file, needs_value=value), spec, gap_days=gap, by_value=value), 0
    else:
        client = user_api(tenant or "", url, email=email, password=password)
        asked = _Journeys(first, last, breakdown, conversion_type, lead_event)
        found = ask(client, lambda api: _asked(api, spec, asked, by_value=value))
        result = _of_answer(spec, found)
        without = found.journeys.without_credits if model is Model.DATA_DRIVEN else 0
    if as_json:
        credits_by_channel = {each.channel: each.credit for each in result.credits}
        sys.stdout.buffer.write(orjson.dumps(credits_by_channel, option=orjson.OPT_APPEND_NEWLINE))
    else:
        print_credits(result, "value" if value else "conversions")
        if without:
            console.print(f"{without:,} conversions with touches have no credits of a learned model, and are left out.")


def journeys(
    tenant: TenantOption = "t123",
    first: FirstDay = None,
    last: LastDay = None,
    breakdown: BreakdownOption = "media_source",
    conversion_type: TypesOption = "install",
    paths: Annotated[int, typer.Option(min=1, max=1_000, help="So many of the commonest paths.")] = 20,
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print all that the API answers.")] = False,
) -> None:
    """Show a tenant's journeys: the commonest paths, who assists, how long it takes.

    Example: unmogrow journeys --from 2026-11-01 --breakdown media_source,campaign
    """
    found = ask(
        user_api(tenant, url, email=email, password=password),
        lambda api: api.get_journeys(
            from_=first, to=last, breakdown=breakdown, conversion_type=conversion_type, paths=paths
        ),
    )
    if as_json:
        print_json(found)
    else:
        print_journeys(found)


async def _asked(api: TenantClient, spec: ModelSpec, journeys: _Journeys, *, by_value: bool) -> ModelsReport:
    return await api.get_models(
        from_=journeys.first,
        to=journeys.last,
        breakdown=journeys.breakdown,
        conversion_type=journeys.conversion_type,
        lead_event=journeys.lead_event,
        measure="value" if by_value else "conversions",
        model=spec.model.value,
        order=spec.markov_order,
        half_life=spec.half_life_days,
        weights=",".join(map(str, spec.custom_weights)),
        direct=spec.direct_channel,
        replicates=spec.replicates,
        seed=spec.seed,
    )


def _of_answer(spec: ModelSpec, found: ModelsReport) -> ModelResult:
    rows = [row.model_dump(exclude={"model"}) for row in found.data]
    shared = tuple(
        ChannelCredit(**row | {"ties": tuple(row["ties"]), "by_rank": tuple(row["by_rank"])}) for row in rows
    )
    return ModelResult(spec, shared, found.models[0].note)


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
