"""What a learned model gives the touches of results."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import orjson

from attribution.decide import attribute
from attribution.learned_credits import Credited, credited, journeys_of
from attribution.result_records import result_record
from schemas.fraud import InstallFacts
from schemas.policy import Policy
from schemas.results import AttributionFailure, AttributionResult, ModelFallback
from schemas.touchpoints import ConversionCase, TouchType
from tests.unit.attribution.cases import INSTALLED, case, touch, view

HOUR = timedelta(hours=1)


def named(made: ConversionCase, conversion_id: str) -> ConversionCase:
    """Name a conversion, of which more is known than of its touches."""
    facts = InstallFacts(platform="ios", country="US")
    return replace(made, conversion=replace(made.conversion, conversion_id=conversion_id, facts=facts))


def decided(*cases: ConversionCase) -> list[AttributionResult]:
    return [attribute(each, Policy()) for each in cases]


WON = touch("won", HOUR)._replace(platform="web", country="DE")
CASES = (
    named(case(touch("late", -HOUR), WON, view("seen", 2 * HOUR), touch("old", 9 * 24 * HOUR)), "one"),
    named(case(), "two"),
    named(
        case(touch("b", 2 * HOUR, source=""), touch("a", 2 * HOUR, source="", kind=TouchType.IMPRESSION)),
        "three",
    ),
)


def test_journeys_are_the_valid_touches_oldest_first() -> None:
    """Neither a touch after the conversion nor one outside its window; none without a touch; equal times by id.

    Platform and country are the last touch's, whatever is known of the conversion.
    """
    found = journeys_of(decided(*CASES))
    assert {key: [each.touch_id for each in touches] for key, touches in found.touches.items()} == {
        "one": ["seen", "won"],
        "three": ["a", "b"],
    }
    table = found.table
    assert (table.channels, table.touches.tolist()) == (("meta_ads", "google_ads"), [0, 1, -1, -1])
    assert (table.starts.tolist(), table.is_click.tolist()) == ([0, 2, 4], [False, True, False, True])
    assert table.times[1] == INSTALLED.timestamp() - 3600
    assert (table.platforms, table.platform.tolist()) == (("web",), [0, -1])
    assert (table.countries, table.country.tolist()) == (("DE",), [0, -1])


def test_a_result_has_the_credits_and_names_the_model() -> None:
    """By touch, and by media source what that comes to; the rules' own credit stands beside it."""
    results = decided(*CASES)
    shared = journeys_of(results).shared(np.array([0.2500004, 0.7499996, 0.125, 0.875]))
    one, two, three = (credited(each, Credited("m7", shared)) for each in results)
    assert isinstance(one, AttributionResult)
    assert isinstance(three, AttributionResult)
    assert one.touch_credits == {"seen": 0.25, "won": 0.75}
    assert one.credits == {"last_touch": {"google_ads": 1.0}, "data_driven": {"meta_ads": 0.25, "google_ads": 0.75}}
    assert one.model_version == "rules-2+m7"
    assert three.credits["data_driven"] == {"unknown": 1.0}
    assert two == results[1]
    assert orjson.loads(result_record(one).document)["touch_credits"] == {"seen": 0.25, "won": 0.75}


def test_a_result_says_why_it_has_none() -> None:
    """Where there is a touch to share out between; a failure and an organic conversion say nothing."""
    results = decided(*CASES)
    late = Credited(fallback=ModelFallback.LATE)
    one, two, _ = (credited(each, late) for each in results)
    assert one == replace(results[0], model_fallback=ModelFallback.LATE)
    assert two == results[1]
    failure = AttributionFailure("four", "why")
    assert credited(failure, late) is failure
