"""Rules that look at the conversion itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from attribution.decide import attribute
from attribution.fraud.device_rules import densest
from attribution.fraud.settle import settle
from attribution.fraud.versions import is_older, os_version_exists, version_numbers
from schemas.fraud import AnomalyScore, Evidence, FraudFacts, InstallFacts
from schemas.fraud_policy import Anomaly, FraudMode, FraudPolicy, FraudRule
from schemas.policy import Policy
from tests.unit.attribution.cases import INSTALLED, touch
from tests.unit.attribution.fraud.fraud_cases import DAY, HOUR, SHADOW, seen, trace

MINUTE = timedelta(minutes=1)
AT = datetime(2026, 10, 1, tzinfo=UTC)


def found(facts: FraudFacts, *, kind: str = "install") -> dict[FraudRule, Evidence]:
    """Run every rule in shadow on one conversion with one old click."""
    findings = settle(seen(touch("c", HOUR), kind=kind, facts=facts), SHADOW, attribute).fraud.findings
    assert all(finding.touch_id is None for finding in findings)
    return {finding.rule: finding.evidence for finding in findings}


def test_a_fourth_install_of_one_id_within_30_days_is_one_too_many() -> None:
    """Three are not flagged, four are; older ones, and those of other apps, do not count."""
    install = InstallFacts(advertising_id="a-1")
    three = tuple(trace(number, number * DAY) for number in range(3))
    assert found(FraudFacts(install, same_advertising_id=three)) == {}
    assert found(FraudFacts(install, same_advertising_id=(*three, trace(9, 31 * DAY)))) == {}
    assert found(FraudFacts(install, same_advertising_id=(*three, trace(9, DAY, app_id="other")))) == {}
    evidence = found(FraudFacts(install, same_advertising_id=(*three, trace(3, 30 * DAY))))
    assert evidence[FraudRule.DUPLICATE_DEVICE]["installs"] == 4


def test_the_first_of_a_series_is_flagged_when_the_others_are_known() -> None:
    """What came later counts as what came before, so a review finds the whole series."""
    later = tuple(trace(number, -number * DAY) for number in range(4))
    assert FraudRule.DUPLICATE_DEVICE in found(FraudFacts(InstallFacts(), same_advertising_id=later))


def test_more_than_20_devices_behind_an_address_in_an_hour_are_a_farm() -> None:
    """Twenty are not, nor is one device 21 times, nor 21 over two hours."""
    install = InstallFacts(ip="203.0.113.7")
    crowd = tuple(trace(number, number * 2 * MINUTE) for number in range(21))
    assert found(FraudFacts(install, same_ip=crowd))[FraudRule.DEVICE_FARM]["devices"] == 21
    assert found(FraudFacts(install, same_ip=crowd[:20])) == {}
    assert found(FraudFacts(install, same_ip=tuple(trace(1, number * MINUTE) for number in range(21)))) == {}
    assert found(FraudFacts(install, same_ip=tuple(trace(number, number * 6 * MINUTE) for number in range(21)))) == {}


def test_a_span_that_does_not_hold_the_moment_counts_for_nothing() -> None:
    """A crowd of the day before is nothing to an install of today."""
    crowd = [trace(number, DAY) for number in range(30)]
    assert densest([*crowd, trace(99, timedelta())], INSTALLED, HOUR, lambda each: each.device) == 1
    assert densest(crowd, INSTALLED, HOUR, lambda each: each.device) == 0


def test_a_purchase_before_its_install_is_impossible() -> None:
    """Beyond a minute, by which clocks may differ; an install is never before itself."""
    early = FraudFacts(install_time=INSTALLED + 61 * timedelta(seconds=1))
    assert found(early, kind="purchase")[FraudRule.IMPOSSIBLE_ORDER]["before_install_seconds"] == 61
    assert found(early) == {}
    assert found(FraudFacts(install_time=INSTALLED + MINUTE), kind="purchase") == {}
    assert found(FraudFacts(install_time=INSTALLED - DAY), kind="purchase") == {}


@pytest.mark.parametrize(
    ("platform", "version", "exists"),
    [
        ("ios", "18.7", True),
        ("ios", "19.0", False),
        ("ios", "26.1", True),
        ("ios", "29.0", False),
        ("android", "16", True),
        ("android", "Android 14", True),
        ("android", "42.0", False),
        ("android", "33", True),
        ("android", "99", False),
        ("android", "0.9", False),
        ("ios", "unknown", True),
        ("ios", "", True),
        ("pc", "999", True),
    ],
)
def test_versions_that_do_not_exist(platform: str, version: str, exists: bool) -> None:  # noqa: FBT001 - a parameter
    """After iOS 18 came 26, Android counts on; an API level stands for a version, what cannot be read is let be."""
    assert os_version_exists(platform, version, AT) is exists


def test_a_version_that_does_not_exist_is_found() -> None:
    """With the platform and the version as evidence."""
    facts = FraudFacts(InstallFacts(platform="ios", os_version="21.0"))
    assert found(facts) == {FraudRule.IMPOSSIBLE_VERSION: {"platform": "ios", "os_version": "21.0"}}


@pytest.mark.parametrize(
    ("version", "other", "older"),
    [("1.9", "1.10", True), ("1.10", "1.9", False), ("2", "2.1", False), ("2.1", "2", False), ("x", "1", False)],
)
def test_versions_compare_by_number(version: str, other: str, older: bool) -> None:  # noqa: FBT001 - a parameter
    """As numbers, not as text, and no further than both go."""
    assert is_older(version, other) is older


def test_a_version_has_its_numbers_wherever_they_stand() -> None:
    """Of whatever length they are."""
    assert version_numbers("Android 14.0-beta2") == (14, 0)
    assert version_numbers("9" * 400) == (999_999_999,)
    assert version_numbers("none") is None


def test_a_device_whose_system_went_back_is_flagged() -> None:
    """By its system, or by this app; not by another app's version, nor by what came later."""
    install = InstallFacts(platform="android", os_version="12", app_version="1.0")
    back = FraudFacts(install, same_device=(trace(1, DAY, os="13"),))
    assert found(back)[FraudRule.VERSION_BACKWARD]["earlier_os_version"] == "13"
    app = FraudFacts(install, same_device=(trace(1, DAY, app="1.1"),))
    assert found(app)[FraudRule.VERSION_BACKWARD]["earlier_app_version"] == "1.1"
    assert found(FraudFacts(install, same_device=(trace(1, DAY, app="1.1", app_id="other"),))) == {}
    assert found(FraudFacts(install, same_device=(trace(1, -DAY, os="13"),))) == {}


def test_an_unusual_install() -> None:
    """One above the model's threshold and the tenant's; where the rule is off, as it is from the start, nothing."""
    score = AnomalyScore(0.7, 0.6, "m")
    facts = FraudFacts(anomaly=score)
    assert found(facts)[FraudRule.ANOMALY] == {"score": 0.7, "score_max": 0.6, "model_id": "m"}
    assert found(FraudFacts(anomaly=replace(score, score=0.6))) == {}
    assert found(facts, kind="purchase") == {}
    case = seen(touch("c", HOUR), facts=facts)
    assert settle(case, Policy(), attribute).fraud.findings == ()
    above = FraudPolicy(anomaly=Anomaly(mode=FraudMode.ON, score_max=0.65))
    rejected = settle(case, Policy(fraud=above), attribute)
    assert (rejected.is_organic, rejected.candidates[0].reason) == (True, "fraud:anomaly")
    higher = above.model_copy(update={"anomaly": Anomaly(mode=FraudMode.ON, score_max=0.7)})
    assert settle(case, Policy(fraud=higher), attribute).fraud.findings == ()
