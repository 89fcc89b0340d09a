"""Short ways to write the touches and conversions that the tests of this folder talk about."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from schemas.touchpoints import Conversion, ConversionCase, MatchType, Touchpoint, TouchType

INSTALLED = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def touch(
    touch_id: str,
    age: timedelta,
    *,
    kind: TouchType = TouchType.CLICK,
    match: MatchType = MatchType.ADVERTISING_ID,
    source: str = "google_ads",
    app_id: str = "com.demo",
    received: timedelta = timedelta(),
) -> Touchpoint:
    """Make a touch `age` before the install, received `received` after it happened."""
    at = INSTALLED - age
    return Touchpoint(
        touch_id=touch_id,
        touch_type=kind,
        touch_time=at,
        received_at=at + received,
        found_by=(match,),
        app_id=app_id,
        media_source=source,
        channel="search",
        campaign="spring",
        adset="broad",
        ad="blue",
    )


def view(touch_id: str, age: timedelta, *, match: MatchType = MatchType.ADVERTISING_ID) -> Touchpoint:
    """Make an impression `age` before the install."""
    return touch(touch_id, age, kind=TouchType.IMPRESSION, match=match, source="meta_ads")


def case(*touches: Touchpoint, kind: str = "install", begin: datetime | None = None) -> ConversionCase:
    """Make the case of one conversion at `INSTALLED`."""
    return ConversionCase(Conversion("conversion-1", kind, INSTALLED, "com.demo", begin), touches)


@st.composite
def journeys(draw: st.DrawFn) -> list[Touchpoint]:
    """Touches around one install: close to each other, on both sides of every window, some under several keys."""
    found: list[Touchpoint] = []
    for place in range(draw(st.integers(0, 8))):
        age = draw(st.sampled_from([-1, 0, 5, 9, 18, 3_600, 86_395, 86_400, 90_000, 604_800, 604_801])) * timedelta(
            seconds=1
        )
        kind = draw(st.sampled_from(TouchType))
        source = draw(st.sampled_from(["google_ads", "email"]))
        app_id = draw(st.sampled_from(["com.demo", "com.demo", "", "com.other"]))
        received = draw(st.integers(0, 2)) * timedelta(seconds=1)
        matches = draw(st.lists(st.sampled_from(MatchType), min_size=1, max_size=3, unique=True))
        found += (
            touch(f"t{place}", age, kind=kind, match=match, source=source, app_id=app_id, received=received)
            for match in matches
        )
    return found
