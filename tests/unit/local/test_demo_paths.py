"""A file of conversion paths plays back as events that add up to the file."""

import itertools
import os
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from attribution.decide import attribute
from attribution.keys import conversion_from_event
from local.demo_paths import (
    LastTouchTotal,
    PathsFile,
    PathsFileError,
    last_touch_totals,
    parse_paths,
    path_events,
    read_paths,
)
from schemas.policy import Policy
from schemas.touchpoints import ConversionCase, MatchType, Touchpoint, TouchType
from tests.unit.local.acceptance import accept

NOW = datetime(2026, 3, 14, 15, 9, 26, 535_897, tzinfo=UTC)

SMALL = """path;total_conversions;total_conversion_value;total_null
alpha > beta > alpha;3;10.00;2
beta;1;0.5;0

gamma > gamma;0;0;4
alpha;2;3.1950000000000003;1
"""

REAL_FILE = Path(os.environ.get("UNMOGROW_PATHS_FILE") or Path(__file__).parents[3].parent / "shared/data/paths.csv")

LAST_TOUCH_INSTALLS = {
    "alpha": 8447,
    "beta": 989,
    "delta": 5,
    "epsilon": 531,
    "eta": 4167,
    "gamma": 92,
    "iota": 3355,
    "kappa": 230,
    "lambda": 1207,
    "mi": 2,
    "theta": 653,
    "zeta": 107,
}


def small() -> PathsFile:
    """Read the small file."""
    return parse_paths(SMALL.splitlines(keepends=True))


def play(file: PathsFile) -> list[dict[str, Any]]:
    """Play a file back as objects."""
    return [orjson.loads(row) for row in path_events(file, app_id="com.demo", now=NOW)]


def journeys(events: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Part events wherever the person changes."""
    return [list(group) for _, group in itertools.groupby(events, key=lambda event: event["device_id"])]


def attributed(events: list[dict[str, Any]]) -> dict[str, LastTouchTotal]:
    """Attribute each journey's install by the default rules, and add up installs and revenue by media source."""
    installs: Counter[str] = Counter()
    values: defaultdict[str, Decimal] = defaultdict(Decimal)
    for journey in journeys(events):
        *touches, last = journey
        if last["event_type"] != "install":
            continue
        found = tuple(
            Touchpoint(
                touch["event_id"],
                TouchType(touch["event_type"]),
                datetime.fromisoformat(touch["event_time"]),
                NOW,
                (MatchType.ADVERTISING_ID,),
                app_id=touch["app_id"],
                media_source=touch["media_source"],
            )
            for touch in touches
        )
        result = attribute(ConversionCase(conversion_from_event(last, Policy()), found), Policy())
        assert len(result.contributors) == len(touches) - 1, "every earlier step is an assist"
        installs[result.media_source] += 1
        values[result.media_source] += Decimal(last.get("revenue", 0))
    return {source: LastTouchTotal(installs[source], values[source]) for source in sorted(installs)}


def test_totals_are_known_before_playing() -> None:
    """13 journeys, 6 of them converting, 27 touches, 33 events: as many as are played."""
    file = small()
    assert (file.journeys_total, file.conversions_total) == (13, 6)
    assert (file.touches_total, file.events_total) == (27, 33)
    kinds = Counter(event["event_type"] for event in play(file))
    assert kinds["click"] + kinds["impression"] == 27
    assert kinds["install"] == 6


def test_last_touch_totals_are_counted_from_the_file() -> None:
    """Conversions and value by last step, in the order of names; a channel without conversions is absent."""
    assert last_touch_totals(small()) == {
        "alpha": LastTouchTotal(5, Decimal("13.195")),
        "beta": LastTouchTotal(1, Decimal("0.5")),
    }


def test_attributing_the_played_events_gives_the_files_totals() -> None:
    """The rules and the count from the file agree, value to the last decimal."""
    assert attributed(play(small())) == last_touch_totals(small())


def test_value_is_split_in_exact_decimals() -> None:
    """10.00 over three conversions is 3.34, 3.33, 3.33."""
    revenues = [event["revenue"] for event in play(small()) if event["event_type"] == "install"]
    assert revenues[:4] == ["3.34", "3.33", "3.33", "0.50"]


def test_each_journey_is_whole_and_in_time_order() -> None:
    """One run of events a person, ends within the spread before `now`, spaces of 15 minutes."""
    played = journeys(play(small()))
    assert len(played) == 13
    assert len({journey[0]["device_id"] for journey in played}) == 13
    for journey in played:
        times = [datetime.fromisoformat(event["event_time"]) for event in journey]
        assert times == sorted(times)
        assert times[-1] <= NOW - timedelta(hours=1)
        assert times[0] > NOW - timedelta(days=16)
        assert {later - sooner for sooner, later in itertools.pairwise(times)} <= {timedelta(minutes=15)}


def test_touches_alternate_from_a_last_click() -> None:
    """Click, impression, click; the last is always a click."""
    first = journeys(play(small()))[0]
    assert [event["event_type"] for event in first] == ["click", "impression", "click", "install"]
    assert [event.get("media_source") for event in first] == ["alpha", "beta", "alpha", None]


def test_the_longest_journey_stays_inside_its_windows() -> None:
    """Of 5,000 steps the first is within 24 hours, and no two stand within 10 s."""
    file = parse_paths(["path,total_conversions,total_null\n", " > ".join(["a"] * 5_000) + ",1,0\n"])
    times = [datetime.fromisoformat(event["event_time"]) for event in play(file)]
    assert times[-1] - times[0] <= timedelta(hours=24)
    assert min(later - sooner for sooner, later in itertools.pairwise(times)) > timedelta(seconds=10)


def test_every_event_is_accepted() -> None:
    """No rejection; each install is a conversion."""
    rows = list(path_events(small(), app_id="com.demo", now=NOW))
    assert [found.conversion_type for found in accept(rows, NOW)] == ["install"] * 6


def test_playing_again_makes_the_same_ids() -> None:
    """Equal ids in equal order at another time, each of them once."""
    ids = [event["event_id"] for event in play(small())]
    later = path_events(small(), app_id="com.demo", now=NOW + timedelta(days=3))
    assert [orjson.loads(row)["event_id"] for row in later] == ids
    assert len(set(ids)) == len(ids)


def test_commas_quotes_and_a_missing_value_column_are_understood() -> None:
    """A comma-separated file without values: installs without revenue."""
    file = parse_paths(['"path","total_conversions","total_null"\n', '"a > b, c",1,0\n'])
    events = play(file)
    assert [event.get("media_source") for event in events] == ["a", "b, c", None]
    assert "revenue" not in events[-1]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("a > b;1;2", "line 2: 3 fields where the header has 4"),
        ("a >  > b;1;1;0", "line 2: the path has an empty step"),
        (";1;1;0", "line 2: the path has an empty step"),
        ("a;one;1;0", "line 2: total_conversions is 'one'"),
        ("a;1;1;-1", "line 2: total_null is '-1'"),
        ("a;1;1;9999999999", "line 2: total_null is '9999999999'"),
        ("a;1;nan;0", "line 2: total_conversion_value is 'nan'"),
        ("a;1;-0.1;0", "line 2: total_conversion_value is '-0.1'"),
        ("a;1;1e18;0", "line 2: total_conversion_value is '1e18'"),
        ("a;1;lots;0", "line 2: total_conversion_value is 'lots'"),
        ("a;0;1.5;1", "line 2: total_conversion_value is 1.50, but no conversion"),
        ('"a;1;1;0', "line 2: unexpected end of data"),
        ("a > " * 5_000 + "a;1;1;0", "line 2: the path has 5001 steps; 5000 are the most"),
        ("a" * 256 + ";1;1;0", "line 2: a step has more than 255 characters"),
    ],
)
def test_a_malformed_row_is_named_by_its_line(row: str, complaint: str) -> None:
    """The line number, the column and the text found there."""
    with pytest.raises(PathsFileError) as caught:
        parse_paths(["path;total_conversions;total_conversion_value;total_null\n", row])
    assert str(caught.value).startswith(complaint)


@pytest.mark.parametrize("header", [[], ["path;conversions\n"]])
def test_a_header_without_the_columns_is_refused(header: list[str]) -> None:
    """All columns that are missing, by name."""
    with pytest.raises(PathsFileError, match=r"line 1: the header lacks .*total_conversions, total_null"):
        parse_paths(header)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """Not UTF-8, said so."""
    binary = tmp_path / "paths.csv"
    binary.write_bytes(b"path;total_conversions;total_null\n\xff\xfe;1;0\n")
    with pytest.raises(PathsFileError, match="not UTF-8"):
        read_paths(binary)


@pytest.mark.skipif(not REAL_FILE.exists(), reason=f"no conversion paths at {REAL_FILE}")
def test_the_published_file_gives_its_published_totals() -> None:
    """10,000 paths: 88,387 journeys, 378,209 touches, 19,785 installs worth 74,802.971587; last touch as published."""
    file = read_paths(REAL_FILE)
    assert (len(file.paths), file.journeys_total) == (10_000, 88_387)
    assert (file.touches_total, file.conversions_total) == (378_209, 19_785)
    totals = last_touch_totals(file)
    assert {channel: total.installs for channel, total in totals.items()} == LAST_TOUCH_INSTALLS
    assert round(sum(total.value for total in totals.values()), 6) == Decimal("74802.971587")


@pytest.mark.skipif(not REAL_FILE.exists(), reason=f"no conversion paths at {REAL_FILE}")
def test_attributing_the_published_file_gives_its_last_touch_totals() -> None:
    """All converting journeys are accepted; each of the 19,785 installs goes to its last step, the others assist."""
    file = read_paths(REAL_FILE)
    converting = PathsFile(tuple(replace(path, nulls=0) for path in file.paths if path.conversions))
    accept(list(path_events(converting, app_id="com.demo", now=NOW)), NOW)
    assert attributed(play(converting)) == last_touch_totals(file)
