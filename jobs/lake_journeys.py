"""A tenant's journeys from the lake: first its conversions, then the touches that no conversion knows.

Memory is bounded by a sample of the persons, the same of both kinds of journeys, so that their shares stay as they are.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from attribution.ml.journey_table import JourneyTable, concat
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
from jobs.lake_rows import CONVERSION_COLUMNS, TOUCH_COLUMNS, Days, conversions_of, numbers, one, seconds, touches_of
from jobs.learning_columns import Columns, Hashes, PersonSample, Words, group_starts, is_among, text_hashes
from storage.lake.manifest import Dataset

LOOKBACK_SECONDS = 7 * 86_400.0
"""As long as journeys are in reports."""

_TOUCHES_OF_A_JOURNEY = 3
_NO_HASHES = np.empty(0, np.uint64)

Told = Callable[[str, int], None]
"""What is said while rows are read: of which dataset, and how many rows there are so far."""


def read_journeys(days: Days, rows_max: int, told: Told) -> JourneyTable:
    """Read at most `rows_max` journeys, oldest last touch first."""
    words = Vocabularies(Words(), Words(), Words())
    touches_max = rows_max * _TOUCHES_OF_A_JOURNEY
    known = _Known(words, touches_max)
    for piece in days.rows(Dataset.ATTRIBUTIONS, CONVERSION_COLUMNS, conversions_of):
        known.add(piece)
        told(Dataset.ATTRIBUTIONS, known.rows)
    converted, converting = known.persons(), known.touches()
    lost = PersonSample(touches_max)
    places = _PlacesSeen(converting)
    rows = 0
    for piece in days.rows(Dataset.EVENTS, TOUCH_COLUMNS, touches_of):
        seen = _touches(piece, words)
        places.add(seen)
        rows += len(seen["person"])
        # Of a touch that led to a conversion its person is wanted, who is in no null journey.
        lost.add(_those(seen, ~is_among(_hashes(seen, "person"), converted)))
        told(Dataset.EVENTS, rows)
    while min(lost.share, known.sample.share) < max(lost.share, known.sample.share):
        (known.sample if known.sample.share > lost.share else lost).halve()
    won = converting_journeys(known.conversions(), places.ordered(), words)
    table = won
    if (kept := lost.rows()) is not None:
        table = concat([won, null_journeys(Touches.of(kept), converted, converting, LOOKBACK_SECONDS, words)])
    last_moment = max(known.last_moment, places.last_moment)
    return _at_most(settled(table, last_moment, LOOKBACK_SECONDS), rows_max)


class _Known:
    """Conversions: who converted, by which touches; and of a sample of the persons all about it."""

    def __init__(self, words: Vocabularies, touches_max: int) -> None:
        self._words = words
        self._persons: list[Hashes] = []
        self._touches: list[Hashes] = []
        self.sample = PersonSample(touches_max)
        self.rows = 0
        self.last_moment = 0.0

    def add(self, piece: pa.Table) -> None:
        person = person_of(numbers(piece["person"]), numbers(piece["conversion"]))
        length, time = numbers(piece["length"]), numbers(piece["time"])
        self._persons.append(person)
        self.rows += len(person)
        self.last_moment = max(self.last_moment, float(time.max(initial=0.0)))
        with_touches = piece.filter(pc.greater(piece["length"], 0))
        lists = {
            name: _flat(with_touches[name]) for name in ("touch_ids", "touch_times", "touch_types", "touch_sources")
        }
        hashes = text_hashes(lists["touch_ids"])
        self._touches.append(hashes)
        has, of = length > 0, length[length > 0]
        # One row a touch: its conversion goes along.
        self.sample.add(
            {
                "person": np.repeat(person[has], of),
                "conversion": np.repeat(numbers(piece["conversion"])[has], of),
                "time": np.repeat(time[has], of),
                "touch": hashes,
                "touch_time": numbers(seconds(lists["touch_times"])),
                "source": self._words.channels.codes(lists["touch_sources"]),
                "is_click": np.asarray(pc.equal(lists["touch_types"].cast(pa.string()), "click"), np.bool_),
            }
        )

    def persons(self) -> Hashes:
        return np.unique(np.concatenate(self._persons)) if self._persons else _NO_HASHES

    def touches(self) -> Hashes:
        return np.unique(np.concatenate(self._touches)) if self._touches else _NO_HASHES

    def conversions(self) -> Conversions:
        rows = self.sample.rows()
        if rows is None:
            nothing = np.empty(0)
            rows = dict.fromkeys(("time", "touch_time"), nothing)
            rows |= dict.fromkeys(("person", "conversion", "touch"), _NO_HASHES)
            rows |= {"source": np.empty(0, np.int64), "is_click": np.empty(0, np.bool_)}
        order = np.lexsort((rows["touch"], rows["touch_time"], rows["conversion"], rows["time"], rows["person"]))
        ordered = {name: column[order] for name, column in rows.items()}
        starts = group_starts(ordered["person"], ordered["time"], ordered["conversion"])
        firsts = starts[:-1]
        return Conversions(
            person=_hashes(ordered, "person")[firsts],
            time=np.asarray(ordered["time"], np.float64)[firsts],
            starts=starts,
            touch=_hashes(ordered, "touch"),
            touch_time=np.asarray(ordered["touch_time"], np.float64),
            source=np.asarray(ordered["source"], np.int64),
            is_click=np.asarray(ordered["is_click"], np.bool_),
        )


class _PlacesSeen:
    """Where the touches were that led to conversions."""

    def __init__(self, converting: Hashes) -> None:
        self._converting = converting
        self._parts: list[Columns] = []
        self.last_moment = 0.0

    def add(self, seen: Columns) -> None:
        chosen = is_among(_hashes(seen, "touch"), self._converting)
        self._parts.append({name: seen[name][chosen] for name in ("touch", "platform", "country")})
        self.last_moment = max(self.last_moment, float(np.asarray(seen["time"], np.float64).max(initial=0.0)))

    def ordered(self) -> Places:
        if not self._parts:
            return Places(_NO_HASHES, np.empty(0, np.int64), np.empty(0, np.int64))
        columns = {name: np.concatenate([part[name] for part in self._parts]) for name in self._parts[0]}
        touch, first = np.unique(_hashes(columns, "touch"), return_index=True)
        return Places(
            touch, np.asarray(columns["platform"], np.int64)[first], np.asarray(columns["country"], np.int64)[first]
        )


def _touches(piece: pa.Table, words: Vocabularies) -> Columns:
    return {
        "touch": numbers(piece["touch"]),
        "time": numbers(piece["time"]),
        "person": person_of(numbers(piece["person"]), numbers(piece["otherwise"])),
        "is_click": np.asarray(piece["is_click"], np.bool_),
        "source": words.channels.codes(one(piece["media_source"])),
        "platform": words.platforms.codes(one(piece["platform"])),
        "country": words.countries.codes(one(piece["country"])),
    }


def _those(rows: Columns, which: NDArray[np.bool_]) -> Columns:
    return {name: column[which] for name, column in rows.items()}


def _hashes(rows: Columns, name: str) -> Hashes:
    return np.asarray(rows[name], np.uint64)


def _flat(lists: pa.ChunkedArray) -> pa.Array:
    return one(lists).flatten()


def _at_most(table: JourneyTable, rows_max: int) -> JourneyTable:
    """Keep the newest journeys, if their touches are so few that there are more of them."""
    return table if len(table) <= rows_max else table.select(np.arange(len(table) - rows_max, len(table)))
