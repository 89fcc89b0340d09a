"""What an anomaly model is told of installs, and what its score leads to."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from attribution.anomaly_scores import installs_of, questioned, with_score
from attribution.decide import attribute
from attribution.fraud.geography import distance_km
from schemas.fraud import AnomalyScore, FraudFacts, InstallFacts
from schemas.policy import Policy
from schemas.results import AttributionFailure, AttributionOutcome, AttributionResult
from schemas.touchpoints import ConversionCase, TouchType
from tests.unit.attribution.cases import INSTALLED, case, touch
from tests.unit.attribution.fraud.fraud_cases import HOUR, seen, trace

MINUTE = timedelta(minutes=1)
FACTS = InstallFacts(platform="ios", country="BR", ip="203.0.113.7", os_version="18.1", app_version="2.0")
HIGH, LOW = AnomalyScore(0.7, 0.6, "m"), AnomalyScore(0.5, 0.6, "m")


def named(made: ConversionCase, conversion_id: str, facts: InstallFacts = FACTS) -> ConversionCase:
    return replace(made, conversion=replace(made.conversion, conversion_id=conversion_id, facts=facts))


def decided(*cases: ConversionCase) -> list[AttributionOutcome]:
    return [attribute(each, Policy()) for each in cases]


def test_an_install_is_described_as_in_training() -> None:
    """Its touches, the clicks among them of the last hour, where the one that claims it was, and who else came."""
    same_ip = (trace(1, HOUR), trace(2, 30 * MINUTE), trace(2, 2 * MINUTE), trace(3, 61 * MINUTE), trace(4, -MINUTE))
    clicked = named(
        seen(
            touch("c", 20 * MINUTE, source="a")._replace(country="DE"),
            touch("o", 50 * MINUTE, source="b"),
            touch("v", 30 * MINUTE, kind=TouchType.IMPRESSION),
            touch("old", 5 * HOUR, source="c"),
            facts=FraudFacts(same_ip=same_ip),
        ),
        "one",
    )
    alone = named(case(), "two", InstallFacts(ip="192.168.1.4"))
    purchase = named(case(touch("p", HOUR), kind="purchase"), "three")
    failed = named(case(), "four")
    unread = named(seen(), "five")
    outcomes = [*decided(clicked, alone, purchase), AttributionFailure("four", "why"), *decided(unread)]
    found = installs_of([clicked, alone, purchase, failed, unread], outcomes)
    assert found.conversion_ids == ("one", "two", "five")
    table = found.table
    assert table.happened_at.tolist() == [INSTALLED.timestamp()] * 3
    np.testing.assert_array_equal(table.ctit_seconds, [1_200.0, np.nan, np.nan])
    assert (table.candidates.tolist(), table.clicks_last_hour.tolist()) == ([4.0, 0.0, 0.0], [2.0, 0.0, 0.0])
    np.testing.assert_array_equal(table.address_installs, [3.0, 1.0, np.nan])
    np.testing.assert_array_equal(table.address_devices, [2.0, 1.0, np.nan])
    assert table.distance_km[0] == pytest.approx(distance_km("DE", "BR"))
    assert np.isnan(table.distance_km[1:]).all()
    assert (table.platforms, table.platform.tolist()) == (("ios",), [0, -1, 0])
    assert (table.os_versions, table.app_versions) == (("18.1",), ("2.0",))


def test_what_is_decided_again() -> None:
    """What scored above the threshold, told of it, and what inherits from that; not what scored less."""
    one, two = named(seen(), "one"), named(seen(), "two")
    heir = replace(named(case(kind="purchase"), "heir"), origins=("one",))
    heirs_heir = replace(named(case(kind="purchase"), "later"), origins=("heir",))
    other = replace(named(case(kind="purchase"), "other"), origins=("two",))
    again = questioned([one, two, heir, heirs_heir, other], {"one": HIGH, "two": LOW})
    assert list(again) == ["one", "heir", "later"]
    assert again["one"].fraud == FraudFacts(anomaly=HIGH)
    assert again["heir"] is heir


def test_a_result_has_its_score() -> None:
    """Where there is one; a failure has none."""
    (result,) = decided(named(case(), "one"))
    assert isinstance(result, AttributionResult)
    assert with_score(result, {"one": LOW}) == replace(result, anomaly=LOW)
    assert with_score(result, {}) is result
    failure = AttributionFailure("one", "why")
    assert with_score(failure, {"one": LOW}) is failure
