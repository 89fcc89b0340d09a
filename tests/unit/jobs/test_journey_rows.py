"""Journeys from rows: which touches make which journey, and what must not tell how it ended."""

from typing import Any

import numpy as np
import pyarrow as pa

from attribution.ml.journey_table import JourneyTable
from jobs.journey_rows import (
    Conversions,
    Places,
    Touches,
    Vocabularies,
    converting_journeys,
    null_journeys,
    person_of,
    settled,
)
from jobs.learning_columns import Hashes, Words

DAY = 86_400.0
LOOKBACK = 7 * DAY
NONE = np.empty(0, np.uint64)


def hashes(*numbers: int) -> Hashes:
    return np.array(numbers, np.uint64)


def vocabularies() -> Vocabularies:
    words = Vocabularies(Words(), Words(), Words())
    words.channels.codes(pa.array(["b", "a"]))
    words.platforms.codes(pa.array(["android"]))
    words.countries.codes(pa.array(["DE"]))
    return words


def touches(*rows: tuple[int, float, int, int, bool]) -> Touches:
    """Make touches of (person, time, id, channel, whether it is a click)."""
    person, time, touch, source, is_click = zip(*rows, strict=True)
    place = np.zeros(len(rows), np.int64)
    return Touches(
        hashes(*person), np.array(time), hashes(*touch), np.array(source), np.array(is_click), place, place - 1
    )


def journeys_of(table: JourneyTable) -> list[list[tuple[float, str]]]:
    """Write journeys as times and channels of their touches."""
    named = [(time, table.channels[code]) for time, code in zip(table.times, table.touches, strict=True)]
    return [named[a:b] for a, b in zip(table.starts, table.starts[1:], strict=False)]


def test_null_journeys() -> None:
    """A window from a person's first touch is a journey; who converted, or whose touch did, has none."""
    rows = touches(
        (1, 100.0, 11, 0, True),
        (1, 50.0, 10, 1, False),
        (1, 50.0 + LOOKBACK, 12, 1, False),
        (2, 60.0, 20, 0, True),
        (3, 70.0, 30, 0, True),
        (3, 80.0, 31, 0, True),
        # The same touch twice, and clicks that are one.
        (4, 10.0, 40, 0, True),
        (4, 10.0, 40, 0, True),
        (4, 15.0, 41, 0, True),
        (4, 20.0, 42, 1, True),
        (4, 40.0, 43, 1, True),
    )
    table = null_journeys(rows, hashes(2), hashes(31), LOOKBACK, vocabularies())
    assert journeys_of(table) == [
        [(50.0, "a"), (100.0, "b")],
        [(50.0 + LOOKBACK, "a")],
        [(15.0, "b"), (20.0, "a"), (40.0, "a")],
    ]
    assert not table.converted.any()
    assert (table.platforms, table.platform.tolist(), table.country.tolist()) == (("android",), [0] * 3, [-1] * 3)
    empty = null_journeys(rows.select(np.empty(0, np.int64)), NONE, NONE, LOOKBACK, vocabularies())
    assert len(empty) == 0


def test_converting_journeys() -> None:
    """A person's first conversion with touches; platform and country of its last touch, not of the conversion."""
    conversions = Conversions(
        person=hashes(7, 7, 8, 9),
        time=np.array([300.0, 200.0, 100.0, 50.0]),
        starts=np.array([0, 1, 3, 3, 4]),
        touch=hashes(1, 3, 2, 4),
        touch_time=np.array([290.0, 199.0, 150.0, 40.0]),
        source=np.array([0, 0, 1, 0]),
        is_click=np.array([True, True, False, True]),
    )
    places = Places(hashes(3, 9), np.array([0, 0]), np.array([0, 0]))
    table = converting_journeys(conversions, places, vocabularies())
    assert journeys_of(table) == [[(150.0, "a"), (199.0, "b")], [(40.0, "b")]]
    assert table.converted.all()
    assert (table.platform.tolist(), table.country.tolist()) == ([0, -1], [0, -1])


def test_what_may_still_convert_is_left_out() -> None:
    """Journeys that began in the last window are in neither kind; the rest is in order of time."""
    rows = touches(*((person, person * DAY, person, 0, True) for person in (30, 1, 20, 25)))
    table = null_journeys(rows, NONE, NONE, LOOKBACK, vocabularies())
    assert (settled(table, 30 * DAY, LOOKBACK).ends / DAY).tolist() == [1, 20]
    # A short span loses its last fifth alone.
    assert (settled(table, 30 * DAY, 100 * DAY).ends / DAY).tolist() == [1, 20]


def test_the_order_of_rows_does_not_matter() -> None:
    """The same rows in another order make the same table."""
    random = np.random.default_rng(3)
    rows: list[Any] = [
        (int(random.integers(50)), float(random.integers(10**6)), touch, int(random.integers(2)), True)
        for touch in range(1, 400)
    ]
    tables = []
    for order in (rows, rows[::-1]):
        made = settled(null_journeys(touches(*order), NONE, NONE, 10**5, vocabularies()), 2e6, 10.0)
        tables.append((made.starts.tolist(), made.times.tolist(), made.touches.tolist()))
    assert tables[0] == tables[1]


def test_nobody_is_a_person_of_its_own() -> None:
    """Rows without an identity are told apart by what stands in its place."""
    person = person_of(hashes(5, 0, 0, 0), hashes(1, 1, 2, 2))
    assert person[0] == 5
    assert len(set(person.tolist())) == 3
