"""Every touch of a case gets one reason and one sentence, by the rules and whatever the order."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.decide import attribute
from attribution.matching import judge
from schemas.policy import Policy, parse_policy
from schemas.results import Because, Candidate, CandidateReason, Ground
from schemas.touchpoints import Consent, ConversionCase, MatchType, Touchpoint, TouchType
from tests.unit.attribution.cases import case, journeys, touch, view

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
POLICY = Policy()
ORDER = list(MatchType).index


def reasons(given_case: ConversionCase, policy: Policy = POLICY) -> dict[str, CandidateReason]:
    """Judge a case, and tell the reason of each touch by its id."""
    return {candidate.touch.touch_id: candidate.reason for candidate in judge(given_case, policy)}


def winner(candidates: tuple[Candidate, ...]) -> str | None:
    """Tell the id of the touch that won, if one did."""
    won = [candidate.touch.touch_id for candidate in candidates if candidate.reason is CandidateReason.WON]
    assert len(won) <= 1
    return won[0] if won else None


def sentence(given_case: ConversionCase, touch_id: str) -> str:
    """Tell the explanation of one touch."""
    (said,) = [found.explanation for found in judge(given_case, POLICY) if found.touch.touch_id == touch_id]
    return said


def test_the_latest_click_wins() -> None:
    """`won` for the latest click, `earlier` for the one before it."""
    assert reasons(case(touch("old", 2 * DAY), touch("new", HOUR))) == {
        "new": CandidateReason.WON,
        "old": CandidateReason.EARLIER,
    }


def test_a_click_beats_a_later_view() -> None:
    """`lower_priority` for a view after the winning click."""
    assert reasons(case(touch("click", 6 * DAY), view("view", HOUR))) == {
        "click": CandidateReason.WON,
        "view": CandidateReason.LOWER_PRIORITY,
    }


def test_the_latest_view_wins_where_there_is_no_click() -> None:
    """`won` for the latest view."""
    assert reasons(case(view("old", 3 * HOUR), view("new", HOUR)))["new"] is CandidateReason.WON


@pytest.mark.parametrize("match", [MatchType.ADVERTISING_ID, MatchType.VENDOR_ID, MatchType.USER_ID])
def test_windows_include_their_ends(match: MatchType) -> None:
    """A click of exactly 7 days and a view of exactly 24 hours count; a microsecond more does not."""
    more = timedelta(microseconds=1)
    assert reasons(case(touch("at", 7 * DAY, match=match)))["at"] is CandidateReason.WON
    assert reasons(case(touch("past", 7 * DAY + more, match=match)))["past"] is CandidateReason.OUTSIDE_WINDOW
    assert reasons(case(view("at", DAY, match=match)))["at"] is CandidateReason.WON
    assert reasons(case(view("past", DAY + more, match=match)))["past"] is CandidateReason.OUTSIDE_WINDOW


def test_a_view_matched_by_click_id_has_no_window() -> None:
    """`outside_window`, and a sentence that says why."""
    seen = case(view("view", HOUR, match=MatchType.CLICK_ID))
    assert reasons(seen)["view"] is CandidateReason.OUTSIDE_WINDOW
    assert sentence(seen, "view") == (
        "Seen 1 h before the install, but a view matched by click id has no window, so it never counts."
    )


def test_a_touch_after_the_conversion_cannot_win() -> None:
    """`after_conversion` a second after it; at the same moment it still counts."""
    assert reasons(case(touch("late", -SECOND)))["late"] is CandidateReason.AFTER_CONVERSION
    assert reasons(case(touch("same", timedelta())))["same"] is CandidateReason.WON


def test_a_touch_of_another_app_cannot_win() -> None:
    """`other_app` where both name their app and differ; an unnamed app is no reason."""
    assert reasons(case(touch("other", HOUR, app_id="com.other")))["other"] is CandidateReason.OTHER_APP
    assert reasons(case(touch("unnamed", HOUR, app_id="")))["unnamed"] is CandidateReason.WON


def test_one_touch_under_several_keys_is_one_candidate_at_its_strongest_match() -> None:
    """One candidate, matched by click id."""
    weak, strong = touch("t", HOUR, match=MatchType.USER_ID), touch("t", HOUR, match=MatchType.CLICK_ID)
    (only,) = judge(case(weak, strong), POLICY)
    assert only.touch.match_type is MatchType.CLICK_ID


@given(journeys())
def test_what_found_a_touch_may_come_together_or_one_by_one(touches: list[Touchpoint]) -> None:
    """The same reasons, matches and sentences."""
    found_by = {
        each.touch_id: tuple(sorted((same.match_type for same in touches if same.touch_id == each.touch_id), key=ORDER))
        for each in touches
    }
    together = {each.touch_id: each._replace(found_by=found_by[each.touch_id]) for each in touches}

    def told(*given: Touchpoint) -> list[tuple[str, str, MatchType, str]]:
        judged = judge(case(*given), POLICY)
        return [(each.touch.touch_id, each.reason, each.touch.match_type, each.explanation) for each in judged]

    assert told(*together.values()) == told(*touches)


def test_a_touch_stored_twice_is_one_as_first_received() -> None:
    """One candidate with the earlier `received_at`, whichever of the two comes first."""
    first, again = touch("t", HOUR), touch("t", HOUR, received=SECOND)
    assert judge(case(again, first), POLICY) == judge(case(first), POLICY)


def test_a_weaker_match_with_an_open_window_counts() -> None:
    """A view found by click id (no window) and by advertising id (24 h) is matched by the latter."""
    by_click_id, by_gaid = view("v", HOUR, match=MatchType.CLICK_ID), view("v", HOUR)
    (only,) = judge(case(by_click_id, by_gaid), POLICY)
    assert (only.reason, only.touch.match_type) == (CandidateReason.WON, MatchType.ADVERTISING_ID)


def test_clicks_of_one_source_within_ten_seconds_are_one() -> None:
    """The latest stands; `duplicate` for those up to 10 s before it; a click 11 s before it stands again."""
    clicks = case(touch("a", 71 * SECOND), touch("b", 70 * SECOND), touch("c", 60 * SECOND))
    assert reasons(clicks) == {
        "c": CandidateReason.WON,
        "b": CandidateReason.DUPLICATE,
        "a": CandidateReason.EARLIER,
    }


def test_close_clicks_of_two_sources_or_two_keys_are_two() -> None:
    """`earlier`, not `duplicate`, for another source, and for a click that no common match type found."""
    first = touch("first", 65 * SECOND)
    assert reasons(case(first, touch("n", 60 * SECOND, source="email")))["first"] is CandidateReason.EARLIER
    assert reasons(case(first, touch("n", 60 * SECOND, match=MatchType.USER_ID)))["first"] is CandidateReason.EARLIER


def test_views_are_never_duplicates() -> None:
    """`earlier` for a view a second before another of its source."""
    assert reasons(case(view("a", 61 * SECOND), view("b", 60 * SECOND)))["a"] is CandidateReason.EARLIER


def test_the_latest_wins_over_the_stronger_match() -> None:
    """A later click by user id beats an earlier one by click id: both are certain."""
    strong, late = touch("strong", 2 * HOUR, match=MatchType.CLICK_ID), touch("late", HOUR, match=MatchType.USER_ID)
    assert winner(judge(case(strong, late), POLICY)) == "late"


def test_ties_go_to_the_stronger_match_then_the_first_received_then_the_lower_id() -> None:
    """`won` in that order, and each sentence names what broke the tie."""
    weak = touch("a", HOUR, match=MatchType.USER_ID, source="email")
    late = touch("b", HOUR, received=SECOND, source="influencer")
    second, first = touch("d", HOUR, source="unity_ads"), touch("c", HOUR)
    tied = case(weak, late, second, first)
    assert winner(judge(tied, POLICY)) == "c"
    assert "by advertising id, which is stronger than user id" in sentence(tied, "a")
    assert "was received first" in sentence(tied, "b")
    assert "comes first by its id" in sentence(tied, "d")


def test_a_certain_click_beats_a_later_one_by_likeness() -> None:
    """`lower_priority` for the later click; alone it wins for a day, and says that it is matched by likeness."""
    alike = touch("alike", HOUR, match=MatchType.PROBABILISTIC)
    both = case(touch("certain", 6 * DAY), alike)
    assert reasons(both) == {"certain": CandidateReason.WON, "alike": CandidateReason.LOWER_PRIORITY}
    assert sentence(both, "alike") == (
        "Clicked 1 h before the install, inside the 24-hour click window, but matched only by IP address and device: "
        "a click that is matched for certain wins."
    )
    assert sentence(both, "certain").endswith("the only click that is matched for certain, so it wins.")
    assert "matched by IP address and device alone" in sentence(case(alike), "alike")
    late = case(touch("late", DAY + SECOND, match=MatchType.PROBABILISTIC))
    assert reasons(late)["late"] is CandidateReason.OUTSIDE_WINDOW
    assert reasons(case(alike), Policy(has_probabilistic=False))["alike"] is CandidateReason.OUTSIDE_WINDOW


def test_a_click_by_likeness_beats_a_view() -> None:
    """Clicks beat views, however they are matched."""
    assert winner(judge(case(touch("c", HOUR, match=MatchType.PROBABILISTIC), view("v", HOUR / 2)), POLICY)) == "c"


def test_a_certain_click_stands_for_one_by_likeness_before_or_after_it() -> None:
    """`duplicate` up to 10 s on both sides if both were found by fingerprint; not where only one was."""
    certain = [touch("c", 60 * SECOND), touch("c", 60 * SECOND, match=MatchType.PROBABILISTIC)]
    around = [touch(f"a{age}", age * SECOND, match=MatchType.PROBABILISTIC) for age in (49, 50, 70, 71)]
    found = reasons(case(*certain, *around))
    assert found["c"] is CandidateReason.WON
    assert found["a50"] is found["a70"] is CandidateReason.DUPLICATE
    assert found["a49"] is found["a71"] is CandidateReason.LOWER_PRIORITY
    assert reasons(case(certain[0], around[1]))["a50"] is CandidateReason.LOWER_PRIORITY


def test_a_source_has_its_own_windows() -> None:
    """28 days for one source, 7 for the others, no views of a third."""
    policy = parse_policy(
        {
            "media_sources": {
                "email": {"click_windows_hours": {"advertising_id": 672}},
                "meta_ads": {"view_windows_hours": {"advertising_id": None}},
            }
        },
        1,
    )
    touches = case(touch("long", 28 * DAY, source="email"), touch("short", 8 * DAY), view("none", HOUR))
    assert reasons(touches, policy) == {
        "long": CandidateReason.WON,
        "short": CandidateReason.OUTSIDE_WINDOW,
        "none": CandidateReason.OUTSIDE_WINDOW,
    }


def test_what_may_not_be_used_is_not() -> None:
    """`no_consent` by the touch's word or the conversion's; another match of the same touch still counts."""
    denied = touch("t", HOUR)._replace(consent=Consent.REFUSED)
    assert reasons(case(denied))["t"] is CandidateReason.NO_CONSENT
    assert sentence(case(denied), "t") == (
        "Clicked 1 h before the install, but matched by advertising id, which may not be used without consent."
    )
    by_device = denied._replace(found_by=(MatchType.VENDOR_ID,))
    (only,) = judge(case(denied, by_device), POLICY)
    assert (only.reason, only.touch.match_type) == (CandidateReason.WON, MatchType.VENDOR_ID)
    plain = case(touch("t", HOUR))
    withheld = replace(plain.conversion, withheld=frozenset({MatchType.ADVERTISING_ID}))
    assert reasons(replace(plain, conversion=withheld))["t"] is CandidateReason.NO_CONSENT
    assert reasons(plain, Policy(is_consent_presumed=False))["t"] is CandidateReason.NO_CONSENT


def test_a_claim_says_that_it_is_one() -> None:
    """By whom, and when it was claimed to be."""
    claim = touch("t", 2 * HOUR)._replace(is_claimed=True)
    assert sentence(case(claim), "t").startswith("Claimed by google_ads as clicked 2 h before the install, inside")


def test_the_winner_stands_first_and_the_others_follow_newest_first() -> None:
    """Winner, then by time from the conversion backwards."""
    judged = judge(case(view("v", HOUR), touch("old", 9 * DAY), touch("won", DAY), touch("late", -HOUR)), POLICY)
    assert [candidate.touch.touch_id for candidate in judged] == ["won", "late", "v", "old"]


def test_sentences_tell_an_analyst_why() -> None:
    """Time, window and the rule that decided, in plain words, and the same as values for other languages."""
    full = case(
        touch("won", timedelta(hours=2, minutes=10)),
        touch("dup", timedelta(hours=2, minutes=10, seconds=4)),
        touch("earlier", 3 * DAY),
        touch("old", 9 * DAY),
        touch("late", -5 * SECOND),
        touch("other", HOUR, app_id="com.other"),
        view("view", HOUR),
    )
    assert {found.touch.touch_id: found.explanation for found in judge(full, POLICY)} == {
        "won": ("Clicked 2 h 10 min before the install, inside the 7-day click window; the latest click, so it wins."),
        "dup": "Another click of google_ads within 10 s stands for this one: together they count once.",
        "earlier": "Clicked 3 d before the install, inside the 7-day click window, but a later click wins.",
        "old": "Clicked 9 d before the install, outside the 7-day click window.",
        "late": "Clicked 5 s after the install, so it cannot have led to it.",
        "other": "This click was for com.other, but the install is of com.demo.",
        "view": (
            "Seen 1 h before the install, inside the 24-hour view window, "
            "but a click beats a view whatever their times."
        ),
    }
    assert {found.touch.touch_id: found.because for found in judge(full, POLICY)} == {
        "won": Because(Ground.LATEST_CLICK, {"span_seconds": 7_800.0, "window_seconds": 604_800.0}),
        "dup": Because(Ground.DUPLICATE, {"window_seconds": 10.0}),
        "earlier": Because(Ground.EARLIER, {"span_seconds": 259_200.0, "window_seconds": 604_800.0}),
        "old": Because(Ground.OUTSIDE_WINDOW, {"span_seconds": 777_600.0, "window_seconds": 604_800.0}),
        "late": Because(Ground.AFTER_CONVERSION, {"span_seconds": 5.0}),
        "other": Because(Ground.OTHER_APP, {"conversion_app_id": "com.demo"}),
        "view": Because(Ground.BEATEN_BY_CLICK, {"span_seconds": 3_600.0, "window_seconds": 86_400.0}),
    }


@given(journeys())
def test_every_touch_gets_one_reason_and_one_sentence(touches: list[Touchpoint]) -> None:
    """As many candidates as touch ids, one winner at most, and none only if nobody was left to win."""
    judged = judge(case(*touches), POLICY)
    assert sorted(found.touch.touch_id for found in judged) == sorted({found.touch_id for found in touches})
    assert all(found.explanation.endswith(".") for found in judged)
    left = {CandidateReason.EARLIER, CandidateReason.LOWER_PRIORITY, CandidateReason.DUPLICATE}
    if winner(judged) is None:
        assert not left & {found.reason for found in judged}


@given(journeys(), st.randoms(use_true_random=False))
def test_the_order_in_which_touches_are_given_never_matters(touches: list[Touchpoint], order: Random) -> None:
    """The same candidates in the same order."""
    shuffled = list(touches)
    order.shuffle(shuffled)
    assert judge(case(*shuffled), POLICY) == judge(case(*touches), POLICY)


@given(journeys(), st.sampled_from(TouchType), st.integers(91, 400))
def test_a_touch_outside_every_window_changes_nothing_but_the_candidates(
    touches: list[Touchpoint], kind: TouchType, days: int
) -> None:
    """The same candidates and one more, and the same result but for them."""
    added = touch("added", days * DAY, kind=kind)
    before, after = attribute(case(*touches), POLICY), attribute(case(*touches, added), POLICY)
    assert [found for found in after.candidates if found.touch.touch_id != "added"] == list(before.candidates)
    assert replace(after, candidates=()) == replace(before, candidates=())


@given(journeys())
def test_a_view_never_beats_a_click(touches: list[Touchpoint]) -> None:
    """No click was left standing if a view won."""
    judged = judge(case(*touches), POLICY)
    if judged and judged[0].reason is CandidateReason.WON and judged[0].touch.touch_type is TouchType.IMPRESSION:
        outside = {CandidateReason.OUTSIDE_WINDOW, CandidateReason.AFTER_CONVERSION, CandidateReason.OTHER_APP}
        assert all(found.reason in outside for found in judged if found.touch.touch_type is TouchType.CLICK)


@given(journeys(), st.integers(1, 604_800))
def test_an_added_earlier_touch_never_changes_the_winner(touches: list[Touchpoint], seconds: int) -> None:
    """The same winner with one more touch of the winner's type before it."""
    judged = judge(case(*touches), POLICY)
    if judged and judged[0].reason is CandidateReason.WON:
        won = judged[0].touch
        age = case().conversion.conversion_time - won.touch_time + seconds * SECOND
        added = touch("added", age, kind=won.touch_type, match=won.match_type, source=won.media_source)
        assert winner(judge(case(*touches, added), POLICY)) == won.touch_id
