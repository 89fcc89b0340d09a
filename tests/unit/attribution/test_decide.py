"""A result names its winner as users' exports do, or says organic."""

from datetime import timedelta

from hypothesis import given

from attribution.decide import attribute
from schemas.policy import Policy
from schemas.results import CandidateReason
from schemas.touchpoints import MatchType, Touchpoint, TouchType
from tests.unit.attribution.cases import INSTALLED, case, journeys, touch, view

HOUR = timedelta(hours=1)
POLICY = Policy(version=7)


def test_a_conversion_without_touches_is_organic() -> None:
    """All credit to `organic`, no touch, no confidence, no CTIT."""
    result = attribute(case(), POLICY)
    assert (result.is_organic, result.media_source, result.match_confidence) == (True, "organic", 0.0)
    assert result.credits == {"last_touch": {"organic": 1.0}}
    assert (result.attributed_touch_id, result.match_type, result.ctit_seconds) == (None, None, None)
    assert (result.policy_version, result.model_version) == (7, "rules-2")


def test_a_conversion_whose_touches_all_fall_outside_is_organic_and_keeps_them() -> None:
    """Organic, with the touch among the candidates and not among the contributors."""
    result = attribute(case(touch("old", timedelta(days=8))), POLICY)
    assert result.is_organic
    assert [candidate.reason for candidate in result.candidates] == [CandidateReason.OUTSIDE_WINDOW]
    assert result.contributors == ()


def test_the_winner_gives_the_result_its_names() -> None:
    """Source, campaign, touch and match of the winning click."""
    result = attribute(case(touch("won", HOUR, match=MatchType.CLICK_ID)), POLICY)
    assert not result.is_organic
    assert (result.media_source, result.channel, result.campaign) == ("google_ads", "search", "spring")
    assert (result.adset, result.ad) == ("broad", "blue")
    assert (result.attributed_touch_id, result.attributed_touch_type) == ("won", TouchType.CLICK)
    assert result.attributed_touch_time == INSTALLED - HOUR
    assert (result.match_type, result.match_confidence) == (MatchType.CLICK_ID, 1.0)
    assert result.credits == {"last_touch": {"google_ads": 1.0}}


def test_a_winner_without_a_source_is_unknown() -> None:
    """`unknown` takes the credit."""
    result = attribute(case(touch("won", HOUR, source="")), POLICY)
    assert (result.media_source, result.credits) == ("unknown", {"last_touch": {"unknown": 1.0}})


def test_contributors_are_the_valid_losers_newest_first() -> None:
    """Earlier clicks and views; neither duplicates nor touches outside their windows."""
    seconds = timedelta(seconds=1)
    result = attribute(
        case(
            touch("older", 3 * HOUR),
            touch("won", HOUR),
            touch("dup", HOUR + 5 * seconds),
            touch("old", timedelta(days=8)),
            view("view", 2 * HOUR),
        ),
        POLICY,
    )
    assert result.contributors == ("view", "older")


def test_ctit_runs_from_click_to_install_begin() -> None:
    """To install begin where the store tells it, below zero if the click came after it; else to the first open."""
    click = touch("won", HOUR)
    assert attribute(case(click), POLICY).ctit_seconds == 3_600.0
    assert attribute(case(click, begin=INSTALLED - HOUR / 2), POLICY).ctit_seconds == 1_800.0
    assert attribute(case(click, begin=INSTALLED - 2 * HOUR), POLICY).ctit_seconds == -3_600.0


def test_ctit_is_of_clicks_and_installs_alone() -> None:
    """None for a view, and for a purchase."""
    assert attribute(case(view("won", HOUR)), POLICY).ctit_seconds is None
    assert attribute(case(touch("won", HOUR), kind="purchase"), POLICY).ctit_seconds is None


@given(journeys())
def test_there_is_one_winner_or_the_conversion_is_organic(touches: list[Touchpoint]) -> None:
    """Credit sums to 1, and exactly one candidate won unless it is organic."""
    result = attribute(case(*touches), POLICY)
    won = [candidate for candidate in result.candidates if candidate.reason is CandidateReason.WON]
    assert len(won) == (0 if result.is_organic else 1)
    assert sum(result.credits["last_touch"].values()) == 1.0
    assert result.attributed_touch_id not in result.contributors
