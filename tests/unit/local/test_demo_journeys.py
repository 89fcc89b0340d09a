"""The invented market is repeatable, acceptable, and tells the truth about itself."""

import itertools
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
import pytest

from attribution.decide import attribute
from attribution.keys import conversion_from_event
from local.demo_journeys import Demo, make_demo
from local.demo_sources import EVERY_SOURCE
from schemas.policy import Policy
from schemas.touchpoints import ConversionCase, MatchType, Touchpoint, TouchType
from tests.unit.local.acceptance import accept

NOW = datetime(2026, 3, 14, 15, 9, tzinfo=UTC)
TODAY = datetime(2026, 3, 14, tzinfo=UTC)
AD_IDS = ("gaid", "idfa", "idfv")


@cache
def demo() -> Demo:
    """Make the demo of the default size."""
    return make_demo(seed=7, now=NOW)


@cache
def events() -> list[dict[str, Any]]:
    """Read the demo's rows."""
    return [orjson.loads(row) for row in demo().rows]


def person(event: dict[str, Any]) -> str:
    """Tell whose event it is, by the id that touches and installs share."""
    return next(str(event[name]) for name in AD_IDS if name in event)


def last_touch_installs() -> Counter[str]:
    """Attribute every install by the default rules, and count by media source."""
    counted: Counter[str] = Counter()
    for _, group in itertools.groupby(events(), key=person):
        journey = list(group)
        touches = tuple(
            Touchpoint(
                event["event_id"],
                TouchType(event["event_type"]),
                datetime.fromisoformat(event["event_time"]),
                NOW,
                (MatchType.ADVERTISING_ID,),
                media_source=event["media_source"],
            )
            for event in journey
            if event["event_type"] in set(TouchType)
        )
        for event in journey:
            if event["event_type"] == "install":
                counted[
                    attribute(ConversionCase(conversion_from_event(event, Policy()), touches), Policy()).media_source
                ] += 1
    return counted


def test_every_event_is_accepted() -> None:
    """No rejection, and every install and purchase is a conversion."""
    conversions = accept(demo().rows, NOW)
    kinds = Counter(event["event_type"] for event in events())
    assert Counter(found.conversion_type for found in conversions) == {
        "install": kinds["install"],
        "purchase": kinds["purchase"],
    }


def test_the_default_size_is_about_twenty_thousand_events() -> None:
    """Between 18,000 and 22,000, as many as the truth says, each id once."""
    assert 18_000 < len(demo().rows) < 22_000
    assert demo().truth["events"] == len(demo().rows)
    assert len({event["event_id"] for event in events()}) == len(demo().rows)


def test_every_kind_of_event_that_a_chart_needs_is_there() -> None:
    """Touches, installs, sessions, in-app events of three names, money of two kinds, identities."""
    assert {event["event_type"] for event in events()} == {
        "click", "impression", "install", "session", "in_app", "purchase", "ad_revenue", "identify",
    }  # fmt: skip
    names = {event["event_name"] for event in events() if event["event_type"] == "in_app"}
    assert names == {"tutorial_complete", "level_up", "add_to_cart"}
    sources = {event["media_source"] for event in events() if event["event_type"] == "click"}
    assert sources == {source.name for source in EVERY_SOURCE}


def test_the_same_seed_and_day_make_the_same_events() -> None:
    """Byte for byte at another hour of the day; other ids with another seed, on another day."""
    sooner = make_demo(seed=7, now=TODAY, people=50)
    assert make_demo(seed=7, now=NOW, people=50) == sooner
    ids = {orjson.loads(row)["event_id"] for row in sooner.rows}
    for other in (make_demo(seed=8, now=NOW, people=50), make_demo(seed=7, now=NOW - timedelta(days=1), people=50)):
        assert not ids & {orjson.loads(row)["event_id"] for row in other.rows}


def test_more_people_only_add_events() -> None:
    """The rows of fewer people are the first rows of more."""
    few = make_demo(seed=7, now=NOW, people=20).rows
    assert make_demo(seed=7, now=NOW, people=40).rows[: len(few)] == few


def test_each_person_is_whole_and_in_time_order() -> None:
    """One run of events a person, none of them after the period's end."""
    seen: set[str] = set()
    for who, group in itertools.groupby(events(), key=person):
        assert who not in seen
        seen.add(who)
        times = [datetime.fromisoformat(event["event_time"]) for event in group]
        assert times == sorted(times)
        assert times[-1] < TODAY


@pytest.mark.parametrize("days", [1, 60])
def test_the_period_may_be_short_or_long(days: int) -> None:
    """All is accepted, and nothing but the touches before it lies outside."""
    made = make_demo(seed=1, now=NOW, people=200, days=days)
    accept(made.rows, NOW)
    installs = [event for event in map(orjson.loads, made.rows) if event["event_type"] == "install"]
    assert min(event["event_time"] for event in installs) >= f"{TODAY - timedelta(days=days + 1):%Y-%m-%d}"


def test_truth_is_json_and_names_every_source() -> None:
    """What it says survives being written to a file."""
    truth = demo().truth
    assert json.loads(json.dumps(truth)) == truth
    assert set(truth["channels"]) == {source.name for source in EVERY_SOURCE}
    assert (truth["seed"], truth["version"], truth["from"]) == (7, 1, "2026-02-28")


def test_installs_come_as_often_as_the_planted_effects_say() -> None:
    """Within four standard deviations of the expected number."""
    truth = demo().truth
    assert abs(truth["installs"] - truth["expected_installs"]) < 4 * truth["expected_installs"] ** 0.5
    assert truth["expected_installs_without_touches"] < truth["expected_installs"]


def test_last_touch_misjudges_the_planted_sources() -> None:
    """The retargeting source gets ten times what it brought, the influencers less than half."""
    counted, channels = last_touch_installs(), demo().truth["channels"]
    assert counted["applovin"] > 10 * channels["applovin"]["expected_incremental_installs"]
    assert counted["influencer"] < channels["influencer"]["expected_incremental_installs"] / 2
    assert counted["organic"] > 0
