"""What a learned model gives the touches of a result: from results to its journeys, and back.

A journey is what reports call one: the valid touches of a conversion (won, earlier, lower priority), oldest first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from attribution.decide import UNNAMED_SOURCE
from attribution.ml.journey_table import JourneyTable
from schemas.fraud import InstallFacts
from schemas.results import ON_THE_JOURNEY, AttributionResult, ModelFallback
from schemas.touchpoints import Touchpoint, TouchType

DATA_DRIVEN = "data_driven"
"""The name of these credits in a result."""

_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Journey:
    """The valid touches of a conversion, oldest first, and what is known of its event."""

    touches: tuple[Touchpoint, ...]
    facts: InstallFacts


def journey_touches(result: AttributionResult) -> tuple[Touchpoint, ...]:
    """Find the touches of a result that could have got the conversion, oldest first."""
    touches = [each.touch for each in result.candidates if each.reason in ON_THE_JOURNEY]
    return tuple(sorted(touches, key=lambda touch: (touch.touch_time, touch.touch_id)))


def journey_table(journeys: Sequence[Journey]) -> JourneyTable:
    """Put journeys, each of at least one touch, into the columns that models read."""
    touches = [touch for journey in journeys for touch in journey.touches]
    channels, codes = _coded(touch.media_source or UNNAMED_SOURCE for touch in touches)
    platforms, platform = _coded(journey.facts.platform for journey in journeys)
    countries, country = _coded(journey.facts.country for journey in journeys)
    lengths = np.fromiter((len(journey.touches) for journey in journeys), np.int64, len(journeys))
    return JourneyTable(
        channels=channels,
        touches=codes,
        starts=np.concatenate(([0], np.cumsum(lengths))),
        times=np.fromiter((touch.touch_time.timestamp() for touch in touches), np.float64, len(touches)),
        is_click=np.fromiter((touch.touch_type is TouchType.CLICK for touch in touches), np.bool_, len(touches)),
        platforms=platforms,
        platform=platform,
        countries=countries,
        country=country,
        converted=np.ones(len(journeys), np.bool_),
        weights=np.ones(len(journeys)),
    )


def with_credits(
    result: AttributionResult, touches: Sequence[Touchpoint], given: Sequence[float], model_id: str
) -> AttributionResult:
    """Add what a model gave each touch, and by media source what that comes to; both to six decimals."""
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
        model_version=f"{result.model_version}+{model_id}",
    )


def without_credits(result: AttributionResult, why: ModelFallback) -> AttributionResult:
    """Let a result stand as the rules have it, and say why no model shared it out."""
    return replace(result, model_fallback=why)


def _coded(names: Iterable[str]) -> tuple[tuple[str, ...], np.typing.NDArray[np.int64]]:
    codes: dict[str, int] = {}
    coded = [codes.setdefault(name, len(codes)) for name in names]
    return tuple(codes), np.array(coded, np.int64)
