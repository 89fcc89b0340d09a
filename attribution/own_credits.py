"""What each rule gives the sources of one conversion's own journey; models that learn need all journeys together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from attribution import touch_weights
from attribution.decide import UNNAMED_SOURCE
from attribution.journeys import Floats, journeys_of_paths
from attribution.model_spec import Model, ModelSpec
from schemas.results import CandidateReason

_DAY = timedelta(days=1)
_VALID = frozenset({CandidateReason.WON, CandidateReason.EARLIER, CandidateReason.LOWER_PRIORITY})
_DEFAULTS = ModelSpec(Model.LAST)


def own_credits(result: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Share one conversion out over the media sources of its valid touches, by rule; empty where it has none.

    `result` is one as it is stored. Parameters of the rules are their defaults. Unlike the winner, `last` is the last
    touch in time, be it a view.
    """
    touches = [each["touch"] for each in result["candidates"] if each["reason"] in _VALID]
    if not touches:
        return {}
    touches.sort(key=lambda touch: datetime.fromisoformat(touch["touch_time"]))
    sources = [touch["media_source"] or UNNAMED_SOURCE for touch in touches]
    converted = datetime.fromisoformat(result["conversion_time"])
    ages = [(converted - datetime.fromisoformat(touch["touch_time"])) / _DAY for touch in touches]
    return {model.value: _summed(sources, weights) for model, weights in _weights(sources, ages).items()}


def _weights(sources: Sequence[str], ages: Sequence[float]) -> dict[Model, Floats]:
    journey = journeys_of_paths([sources], [1], [0], [0])
    journey.ages[:] = np.asarray(ages)
    return {
        Model.FIRST: touch_weights.first_touch(journey),
        Model.LAST: touch_weights.last_touch(journey),
        Model.LAST_NON_DIRECT: touch_weights.last_non_direct(journey, _DEFAULTS.direct_channel),
        Model.LINEAR: touch_weights.linear(journey),
        Model.TIME_DECAY: touch_weights.time_decay(journey, _DEFAULTS.half_life_days),
        Model.POSITION: touch_weights.position_based(journey),
    }


def _summed(sources: Sequence[str], weights: Floats) -> dict[str, float]:
    credits_of: dict[str, float] = defaultdict(float)
    for source, weight in zip(sources, weights.tolist(), strict=True):
        credits_of[source] += weight
    return {source: credit for source, credit in credits_of.items() if credit}
