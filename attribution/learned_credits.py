"""What a learned model gives the touches of a result: from results to its journeys, and back.

A journey is what reports call one: the valid touches of a conversion (won, earlier, lower priority), oldest first.
Platform and country are those of its last touch, as in training: what only conversions tell would give them away there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from attribution.decide import UNNAMED_SOURCE
from attribution.journeys import Floats
from attribution.ml.journey_table import JourneyTable, numbered
from schemas.results import (
    BEFORE_LEARNED_MODEL,
    ON_THE_JOURNEY,
    AttributionOutcome,
    AttributionResult,
    ModelFallback,
)
from schemas.touchpoints import Touchpoint, TouchType

DATA_DRIVEN = "data_driven"
"""The name of these credits in a result."""

_DECIMALS = 6
"""Of credits in a result."""


@dataclass(frozen=True, slots=True)
class CallJourneys:
    """The journeys of the results of one call, as far as they have a touch: by conversion id, and as columns."""

    touches: dict[str, tuple[Touchpoint, ...]]
    table: JourneyTable

    def __len__(self) -> int:
        return len(self.touches)

    def shared(self, given: Floats) -> dict[str, list[float]]:
        """Cut what a model gave each touch, [T], into journeys."""
        bounds = self.table.starts.tolist()
        spread = given.tolist()
        return {
            conversion_id: spread[first:last]
            for conversion_id, first, last in zip(self.touches, bounds[:-1], bounds[1:], strict=True)
        }


@dataclass(frozen=True, slots=True)
class Credited:
    """What a model gave the touches of each journey of a call, by conversion id; or why it gave nothing."""

    model_id: str = ""
    given: dict[str, list[float]] = field(default_factory=dict)
    fallback: ModelFallback | None = None


def journeys_of(outcomes: Sequence[AttributionOutcome]) -> CallJourneys:
    """Find the journeys of what was decided."""
    touches: dict[str, tuple[Touchpoint, ...]] = {}
    for outcome in outcomes:
        if isinstance(outcome, AttributionResult) and outcome.conversion_id not in touches:
            found = journey_touches(outcome)
            if found:
                touches[outcome.conversion_id] = found
    return CallJourneys(touches, _table(list(touches.values())))


def journey_touches(result: AttributionResult) -> tuple[Touchpoint, ...]:
    """Find the touches of a result that could have got the conversion, oldest first."""
    touches = [each.touch for each in result.candidates if each.reason in ON_THE_JOURNEY]
    return tuple(sorted(touches, key=lambda touch: (touch.touch_time, touch.touch_id)))


def credited(outcome: AttributionOutcome, by: Credited) -> AttributionOutcome:
    """Add to a result what a model gave its touches, or why one gave nothing; without a touch it stays as it is."""
    if not isinstance(outcome, AttributionResult):
        return outcome
    given = by.given.get(outcome.conversion_id)
    if given is None and by.fallback is None:
        return outcome
    touches = journey_touches(outcome)
    if given is not None:
        return _with_credits(outcome, touches, given, by.model_id)
    return replace(outcome, model_fallback=by.fallback) if touches else outcome


def _table(journeys: Sequence[Sequence[Touchpoint]]) -> JourneyTable:
    touches = [touch for journey in journeys for touch in journey]
    channels, codes = numbered(touch.media_source for touch in touches)
    platforms, platform = numbered(journey[-1].platform for journey in journeys)
    countries, country = numbered(journey[-1].country for journey in journeys)
    return JourneyTable(
        channels=channels,
        touches=codes,
        starts=np.cumsum([0, *map(len, journeys)]),
        times=np.fromiter((touch.touch_time.timestamp() for touch in touches), np.float64, len(touches)),
        is_click=np.fromiter((touch.touch_type is TouchType.CLICK for touch in touches), np.bool_, len(touches)),
        platforms=platforms,
        platform=platform,
        countries=countries,
        country=country,
        converted=np.ones(len(journeys), np.bool_),
        weights=np.ones(len(journeys)),
    )


def _with_credits(
    result: AttributionResult, touches: Sequence[Touchpoint], given: Sequence[float], model_id: str
) -> AttributionResult:
    by_touch = {touch.touch_id: round(credit, _DECIMALS) for touch, credit in zip(touches, given, strict=True)}
    by_source: dict[str, float] = {}
    for touch, credit in zip(touches, given, strict=True):
        source = touch.media_source or UNNAMED_SOURCE
        by_source[source] = by_source.get(source, 0.0) + credit
    shares = {source: round(share, _DECIMALS) for source, share in by_source.items()}
    return replace(
        result,
        credits=result.credits | {DATA_DRIVEN: shares},
        touch_credits=by_touch,
        model_version=f"{result.model_version}{BEFORE_LEARNED_MODEL}{model_id}",
    )
