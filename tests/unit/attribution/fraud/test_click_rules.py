"""Rules that look at one touch."""

from dataclasses import replace
from datetime import timedelta

import pytest

from attribution.decide import attribute
from attribution.fraud.geography import distance_km
from attribution.fraud.settle import settle
from schemas.fraud import FraudFacts, SiteFinding, SiteKey
from schemas.fraud_policy import FraudRule
from schemas.touchpoints import ConversionCase, Touchpoint
from tests.unit.attribution.cases import INSTALLED, touch, view
from tests.unit.attribution.fraud.fraud_cases import DAY, HOUR, SECOND, SHADOW, facts_of, seen


def found(each: ConversionCase) -> dict[FraudRule, tuple[str | None, dict[str, object]]]:
    """Run every rule in shadow."""
    findings = settle(each, SHADOW, attribute).fraud.findings
    return {finding.rule: (finding.touch_id, dict(finding.evidence)) for finding in findings}


def test_a_click_after_the_install_began_is_injected() -> None:
    """Found with its negative time; a click at the very moment is not."""
    begin = INSTALLED - 30 * SECOND
    assert found(seen(touch("late", 10 * SECOND), begin=begin))[FraudRule.CLICK_INJECTION] == (
        "late",
        {"ctit_seconds": -20.0},
    )
    assert FraudRule.CLICK_INJECTION not in found(seen(touch("same", 30 * SECOND), begin=begin))


@pytest.mark.parametrize(("age", "is_short"), [(0.0, True), (9.999, True), (10.0, False), (11.0, False)])
def test_nobody_installs_within_ten_seconds(age: float, is_short: bool) -> None:  # noqa: FBT001 - a parameter
    """Found below 10 s, not at 10 s."""
    assert (FraudRule.SHORT_CTIT in found(seen(touch("c", age * SECOND)))) is is_short


def test_short_times_are_of_clicks_and_installs_alone() -> None:
    """Not of views, and not of purchases."""
    assert found(seen(view("v", SECOND))) == {}
    assert found(seen(touch("c", SECOND), kind="purchase")) == {}


def test_a_click_that_takes_over_what_another_source_led_is_a_hijack() -> None:
    """Found with the leader and its lead; not for the same source, a short lead, or half a minute before."""
    last = touch("last", 20 * SECOND, source="hijacker")
    rule, (touch_id, evidence) = next(
        each for each in found(seen(touch("led", 5 * HOUR, source="honest"), last)).items() if each[0].startswith("ins")
    )
    assert (rule, touch_id) == (FraudRule.INSTALL_HIJACKING, "last")
    assert evidence == {
        "ctit_seconds": 20.0,
        "led_hours": 4.99,
        "leader_touch_id": "led",
        "leader_media_source": "honest",
    }
    for others in (
        [touch("led", 5 * HOUR, source="hijacker"), last],
        [touch("led", HOUR, source="honest"), last],
        [touch("led", 5 * HOUR, source="honest"), touch("last", 31 * SECOND, source="hijacker")],
        [last],
    ):
        assert FraudRule.INSTALL_HIJACKING not in found(seen(*others))


def test_nobody_flies_from_germany_to_brazil_in_an_hour() -> None:
    """Impossible after an hour, possible after a day; another country either way, where both are known."""
    after_an_hour = found(seen(touch("c", HOUR)._replace(country="DE"), facts=facts_of("BR")))
    assert after_an_hour[FraudRule.IMPOSSIBLE_TRAVEL][1]["click_country"] == "DE"
    assert FraudRule.GEO_MISMATCH in after_an_hour
    assert set(found(seen(touch("c", DAY)._replace(country="DE"), facts=facts_of("br")))) == {FraudRule.GEO_MISMATCH}
    for country in ("DE", "de", ""):
        assert found(seen(touch("c", HOUR)._replace(country="DE"), facts=facts_of(country))) == {}
    assert set(found(seen(touch("c", HOUR)._replace(country="DE"), facts=facts_of("ZZ")))) == {FraudRule.GEO_MISMATCH}


@pytest.mark.parametrize(
    ("one", "other", "km"), [("DE", "FR", 800), ("US", "GB", 6_900), ("NZ", "FJ", 3_000), ("RU", "US", 8_500)]
)
def test_distances_are_those_of_an_atlas(one: str, other: str, km: float) -> None:
    """Within a fifth, also across the antimeridian, and the same both ways."""
    assert distance_km(one, other) == pytest.approx(km, rel=0.2)
    assert distance_km(one, other) == distance_km(other, one)
    assert distance_km(one, one) == 0
    assert distance_km(one, "?") is None


def test_every_install_of_a_flooding_site_is_flagged() -> None:
    """With the site's evidence; other sites of the source, and other apps, are not."""
    site = SiteKey("com.demo", "google_ads", "s-1")
    facts = FraudFacts(sites={site: SiteFinding(site, "Flat.", {"installs": 200})})
    click = touch("c", HOUR)
    flagged = found(seen(replace_site(click, "s-1"), facts=facts))
    assert flagged == {FraudRule.CLICK_FLOODING: ("c", {"installs": 200})}
    assert found(seen(replace_site(click, "s-2"), facts=facts)) == {}


def replace_site(click: Touchpoint, site_id: str) -> Touchpoint:
    return click._replace(site_id=site_id)


def test_a_touch_outside_its_window_is_not_judged() -> None:
    """It has lost already, so nothing is said of it."""
    old = touch("old", timedelta(days=8))
    assert found(replace(seen(old), fraud=facts_of("BR"))) == {}
