"""The parameters of models and journeys: which journeys, and how to share them out."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import Depends, Query
from starlette.requests import Request

from attribution.model_spec import MARKOV_ORDER_MAX, OF_JOURNEYS, REPLICATES_MAX, Model, ModelSpec
from schemas.event_types import CONVERSION_TYPES
from schemas.report_problems import ReportParameterInvalid
from schemas.reports import Dimension, Span, dimension_names
from serve_apps.callers import user_of
from serve_apps.money_rates import rates_between
from serve_apps.parameters import Word
from serve_apps.report_parameters import Asked
from serve_apps.services import services_of
from storage.clickhouse.journey_reader import BREAKDOWNS, FILTERED, JourneyQuestion
from storage.clickhouse.report_reader import Conversion
from storage.postgres.connect import Database
from storage.postgres.tenant_settings import TenantSettings

Measure = Literal["conversions", "value"]

_WEIGHT_MAX = 1e6
_DEFAULT_TYPES = ("install",)
_TYPE_NAMES = ", ".join(sorted(CONVERSION_TYPES))

ConversionTypes = Annotated[
    str, Query(max_length=200, description=f"Which conversions, separated by commas: {_TYPE_NAMES}. Default: install.")
]
EventName = Annotated[Word, Query(description="Only conversions of this event name.")]
LeadEvent = Annotated[
    Word, Query(description="w_shaped: the in-app event by which a person becomes a lead, such as sign_up.")
]
Lookback = Annotated[
    float, Query(gt=0, le=90, description="Days that a journey of people who did not convert spans at most.")
]
Currency = Annotated[
    str, Query(pattern="^([A-Z]{3})?$", description="Of the value; ISO 4217. Default: the tenant's setting.")
]


async def journey_question(
    request: Request,
    asked: Asked,
    conversion_type: ConversionTypes = "",
    event_name: EventName = "",
    lead_event: LeadEvent = "",
    lookback_days: Lookback = 7.0,
    currency: Currency = "",
) -> JourneyQuestion:
    """Read which journeys are asked for.

    Raises:
        ReportParameterInvalid: one parameter has a value that it cannot have here.
    """
    breakdown = asked.breakdown or (Dimension.MEDIA_SOURCE,)
    if not set(breakdown) <= set(BREAKDOWNS):
        raise ReportParameterInvalid(f"`breakdown` of journeys: {', '.join(dimension_names(BREAKDOWNS))}.")
    if not {condition.dimension for condition in asked.conditions} <= set(FILTERED):
        raise ReportParameterInvalid(
            f"`filter` of journeys: {', '.join(dimension_names(FILTERED))}; by channels it would cut them into pieces."
        )
    tenant, _ = await user_of(request)
    database = services_of(request).databases.tenant(tenant.tenant_id)
    return JourneyQuestion(
        since=asked.span.since,
        until=asked.span.until,
        conversion_types=_types(conversion_type),
        breakdown=breakdown,
        conditions=asked.conditions,
        lookback=timedelta(days=lookback_days),
        event_name=event_name,
        lead_event=lead_event,
        conversion=await _conversion(database, currency, asked.span),
    )


async def _conversion(database: Database, currency: str, span: Span) -> Conversion:
    """Read the tenant's rates into a currency; without one, into that of its settings."""
    own_currency = currency or (await TenantSettings(database).read()).currency
    _, conversion = await rates_between(database, own_currency, span.first, span.last)
    return conversion


def _types(text: str) -> tuple[str, ...]:
    names = tuple(sorted({name.strip() for name in text.split(",") if name.strip()}))
    if not set(names) <= set(CONVERSION_TYPES):
        raise ReportParameterInvalid(f"`conversion_type`: {_TYPE_NAMES}, separated by commas.")
    return names or _DEFAULT_TYPES


@dataclass(frozen=True, slots=True)
class ModelsAsked:
    """Models with their parameters, and whether they share out what conversions were worth.

    `learned` is the one that is added where a learned model has shared conversions out; None if models were named.
    """

    specs: tuple[ModelSpec, ...]
    by_value: bool
    learned: ModelSpec | None

    def specs_of(self, credited: int) -> tuple[ModelSpec, ...]:
        """Give the models for journeys of which a learned model has shared so many out."""
        return (*self.specs, self.learned) if self.learned and credited else self.specs


def models_asked(
    model: Annotated[
        str,
        Query(
            max_length=300,
            description=f"Separated by commas: {', '.join(Model)}. Default: all of them; data_driven where a learned "
            "model has shared such conversions out.",
        ),
    ] = "",
    order: Annotated[int, Query(ge=1, le=MARKOV_ORDER_MAX, description="markov: how many touches it remembers.")] = 1,
    half_life: Annotated[float, Query(gt=0, le=3_650, description="time_decay: in days.")] = 7.0,
    weights: Annotated[
        str, Query(max_length=100, description="custom: for first, middle (together) and last touches.")
    ] = "0.4,0.2,0.4",
    direct: Annotated[
        Word, Query(description="last_non_direct: the channel of those who came by themselves.")
    ] = "direct",
    measure: Annotated[
        Measure, Query(description="Share out the number of conversions, or their revenue in the currency.")
    ] = "conversions",
    confidence: Annotated[float, Query(ge=0.5, le=0.999, description="Of the intervals.")] = 0.95,
    replicates: Annotated[int, Query(ge=0, le=REPLICATES_MAX, description="Of the bootstrap; 0: no intervals.")] = 200,
    seed: Annotated[int, Query(ge=0, lt=2**32, description="The same seed gives the same intervals.")] = 0,
) -> ModelsAsked:
    """Read which models are asked for.

    Raises:
        ReportParameterInvalid: one parameter has a value that it cannot have.
    """
    parameters = (order, half_life, _three(weights), direct, replicates, confidence, seed)
    named = _models(model)
    return ModelsAsked(
        specs=tuple(ModelSpec(each, *parameters) for each in named or OF_JOURNEYS),
        by_value=measure == "value",
        learned=None if named else ModelSpec(Model.DATA_DRIVEN, *parameters),
    )


def _models(text: str) -> tuple[Model, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = set(names) - set(Model)
    if unknown:
        raise ReportParameterInvalid(f"`model`: {', '.join(Model)}, separated by commas.")
    return tuple(map(Model, names))


def _three(text: str) -> tuple[float, float, float]:
    try:
        first, middle, last = map(float, text.split(","))
    except ValueError:
        first = middle = last = -1.0
    found = (first, middle, last)
    if not all(0 <= weight <= _WEIGHT_MAX for weight in found) or not any(found):
        raise ReportParameterInvalid("`weights` are three numbers, none below 0 and not all 0, such as 0.5,0.2,0.3.")
    return found


AskedJourneys = Annotated[JourneyQuestion, Depends(journey_question)]
AskedModels = Annotated[ModelsAsked, Depends(models_asked)]
