"""What a conversion is, and from which earlier one it inherits its source."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from actors.decider import Decider
from attribution.decide import attribute
from attribution.origins import origin_of
from schemas.policy import Policy
from schemas.results import AttributionResult, CandidateReason
from schemas.touchpoints import Conversion, ConversionCase, ConversionKind, Origin, place_in_time
from tests.unit.attribution.cases import INSTALLED, case, touch, view

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
POLICY = Policy()


def install(age: timedelta, *, source: str = "meta_ads", **fields: Any) -> Origin:
    """Make the result of an install `age` before the conversion."""
    at = INSTALLED - age
    made = Origin("install-0", ConversionKind.INSTALL, at, "install-0", at, at, is_organic=False, media_source=source)
    return replace(made, attributed_touch_id="first-touch", **fields)


def engagement(age: timedelta) -> Origin:
    """Make the result of a re-engagement `age` before the conversion."""
    return install(
        age, source="push", conversion_id="back-1", install_id="back-1", conversion_kind=ConversionKind.RE_ENGAGEMENT
    )


def after(given: ConversionCase, *origins: Origin | str) -> AttributionResult:
    """Attribute a conversion that has origins, newest first."""
    return attribute(replace(given, origins=origins), POLICY)


def test_an_install_within_the_window_after_the_first_is_a_reinstall() -> None:
    """At 90 days still one, with the source and id of the install before; a moment later it is an install."""
    again = after(case(), install(90 * DAY))
    assert (again.conversion_kind, again.media_source, again.install_id) == ("reinstall", "meta_ads", "install-0")
    assert (again.install_time, again.first_install_time) == (INSTALLED, INSTALLED - 90 * DAY)
    anew = after(case(), install(90 * DAY + timedelta(microseconds=1)))
    assert (anew.conversion_kind, anew.media_source, anew.install_id) == ("install", "organic", "conversion-1")
    assert anew.first_install_time == INSTALLED


def test_the_window_is_counted_from_the_first_install() -> None:
    """A reinstall yesterday does not prolong it."""
    yesterday = install(DAY, first_install_time=INSTALLED - 91 * DAY)
    assert after(case(), yesterday).conversion_kind is ConversionKind.INSTALL


def test_a_reinstall_with_a_touch_is_a_re_attribution() -> None:
    """With the touch's source, and an id of its own."""
    result = after(case(touch("won", HOUR)), install(3 * DAY))
    assert (result.conversion_kind, result.media_source) == ("re_attribution", "google_ads")
    assert (result.install_id, result.ctit_seconds) == ("conversion-1", 3_600.0)
    assert result.first_install_time == INSTALLED - 3 * DAY


def test_a_touch_from_before_the_last_install_cannot_lead_to_the_next() -> None:
    """`outside_window`, with a sentence that says why: it is a reinstall."""
    result = after(case(touch("old", 4 * DAY)), install(3 * DAY))
    assert result.conversion_kind is ConversionKind.REINSTALL
    assert [each.reason for each in result.candidates] == [CandidateReason.OUTSIDE_WINDOW]
    assert result.candidates[0].explanation == (
        "Clicked 4 d before the install, but 1 d before the app was installed the time before: it led up to that."
    )


def test_a_reinstall_of_which_no_install_is_known() -> None:
    """Organic with an id of its own, or with a touch a re-attribution."""
    alone = attribute(case(kind="reinstall"), POLICY)
    assert (alone.conversion_kind, alone.media_source, alone.install_id) == ("reinstall", "organic", "conversion-1")
    assert attribute(case(touch("t", HOUR), kind="reinstall"), POLICY).conversion_kind == "re_attribution"


def test_a_purchase_inherits_the_source_of_the_install_and_keeps_its_own_journey() -> None:
    """Source and touch of the install; all its own valid touches assist; last touch is its own."""
    result = after(case(touch("late", HOUR), view("seen", 2 * HOUR), kind="purchase"), install(3 * DAY))
    assert (result.conversion_kind, result.media_source, result.install_id) == ("purchase", "meta_ads", "install-0")
    assert (result.attributed_touch_id, result.ctit_seconds) == ("first-touch", None)
    assert result.contributors == ("late", "seen")
    assert result.credits == {"last_touch": {"google_ads": 1.0}}
    assert result.candidates[0].explanation == (
        "Clicked 1 h before the purchase, inside the 7-day click window; the only click, which beats every view, "
        "so it leads the journey; the purchase itself belongs to the install (meta_ads)."
    )


def test_a_purchase_without_touches_credits_what_it_inherits() -> None:
    """Last touch is the install's source; an organic install makes an organic purchase."""
    assert after(case(kind="purchase"), install(DAY)).credits == {"last_touch": {"meta_ads": 1.0}}
    organic = after(case(kind="purchase"), install(DAY, source="organic", is_organic=True))
    assert (organic.is_organic, organic.credits) == (True, {"last_touch": {"organic": 1.0}})


def test_contributors_of_a_journey_are_newest_first_whoever_leads_it() -> None:
    """A later view stands before the click that leads."""
    result = after(case(touch("leads", 3 * HOUR), view("later", HOUR), kind="purchase"), install(DAY))
    assert result.contributors == ("later", "leads")


def test_a_re_engagement_is_inherited_for_thirty_days() -> None:
    """At 30 days still; then the install's source again."""
    origins = engagement(30 * DAY), install(60 * DAY)
    assert after(case(kind="purchase"), *origins).media_source == "push"
    assert after(case(kind="purchase"), engagement(30 * DAY + HOUR), origins[1]).media_source == "meta_ads"


def test_an_install_after_a_re_engagement_is_what_counts() -> None:
    """The newest origin first."""
    assert after(case(kind="purchase"), install(DAY), engagement(2 * DAY)).media_source == "meta_ads"


def opened(*seen: timedelta) -> AttributionResult:
    """Attribute a session that a click opened an hour before, of somebody who was seen then, installed 60 days ago."""
    given = case(touch("click", HOUR), kind="session")
    active = tuple(INSTALLED - age for age in sorted(seen))
    return attribute(replace(given, origins=(install(60 * DAY),), activity=active), POLICY)


def test_a_click_after_a_week_away_is_a_re_engagement() -> None:
    """At exactly 7 days; a second less is a session with the install's source."""
    back = opened(7 * DAY + HOUR)
    assert (back.conversion_kind, back.media_source, back.install_id) == ("re_engagement", "google_ads", "conversion-1")
    assert back.install_time == INSTALLED - 60 * DAY
    there = opened(7 * DAY + HOUR - timedelta(seconds=1))
    assert (there.conversion_kind, there.media_source, there.install_id) == ("session", "meta_ads", "install-0")


def test_what_happened_after_the_click_is_no_presence_before_it() -> None:
    """Activity between click and session does not count; without any, the install's time does."""
    assert opened(HOUR / 2, 9 * DAY).conversion_kind is ConversionKind.RE_ENGAGEMENT
    assert opened().conversion_kind is ConversionKind.RE_ENGAGEMENT
    fresh = replace(case(touch("click", HOUR), kind="session"), origins=(install(3 * DAY),))
    assert attribute(fresh, POLICY).conversion_kind is ConversionKind.SESSION


def test_a_view_or_a_stranger_makes_no_re_engagement() -> None:
    """A session, for a view alone and where no install is known."""
    seen = replace(case(view("v", HOUR), kind="session"), origins=(install(60 * DAY),))
    assert attribute(seen, POLICY).conversion_kind is ConversionKind.SESSION
    assert attribute(case(touch("t", HOUR), kind="session"), POLICY).conversion_kind is ConversionKind.SESSION


def test_origins_of_the_same_call_are_decided_before_their_heirs() -> None:
    """A purchase inherits from a reinstall that inherits from an install, all in one call, in whatever portions."""
    bought = case(kind="purchase").conversion
    installed = replace(bought, conversion_id="i", conversion_type="install", conversion_time=INSTALLED - DAY)
    again = replace(installed, conversion_id="r", conversion_time=INSTALLED - HOUR)
    cases = [
        ConversionCase(installed, (touch("t", 2 * DAY, source="email"),)),
        ConversionCase(again, (), origins=("i",)),
        ConversionCase(bought, (), origins=("r",)),
    ]
    decider = Decider(POLICY)
    outcomes = decider.decide(cases[:1]) + decider.decide(cases[1:])
    results = [outcome for outcome in outcomes if isinstance(outcome, AttributionResult)]
    assert [each.media_source for each in results] == ["email"] * 3
    assert [each.install_id for each in results] == ["i"] * 3
    assert origin_of(results[1]).conversion_kind is ConversionKind.REINSTALL


def test_one_moment_has_an_order() -> None:
    """An install before the purchase of its millisecond, whatever finer parts their times have."""
    fine = timedelta(microseconds=999)
    installed = place_in_time(INSTALLED + fine, "install", "z")
    assert installed < place_in_time(INSTALLED, "session", "a") < place_in_time(INSTALLED, "purchase", "a")
    assert place_in_time(INSTALLED - timedelta(microseconds=1), "purchase", "a") < installed


def test_an_origin_that_failed_is_left_out() -> None:
    """The heir is decided by its own touches."""
    heir = replace(case(touch("t", HOUR), kind="purchase"), origins=("broken",))
    assert attribute(heir, POLICY).media_source == "google_ads"
    assert Conversion("x", "purchase", INSTALLED).withheld == frozenset()
