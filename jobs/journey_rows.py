"""Journeys from the lake's rows, as columns: what came before a conversion, and what led to none.

A converting journey is what a person's first conversion with touches counts as its touches. A null journey is, as in
`storage/clickhouse/journeys.sql`, what is left: the touches of a person of whom nobody knows a conversion, neither
under its key nor through one of the touches; counted from the person's first touch, each lookback window is a journey.
Of clicks of one channel within ten seconds the last stands.

Platform and country of a journey are those of its last touch, of both kinds: what only conversions tell would give the
answer away. And a journey that began less than a lookback window before the last row is in neither: it may still lead
to a conversion.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.journeys import Floats, Ints
from attribution.ml.journey_table import Bools, JourneyTable
from jobs.learning_columns import Columns, Hashes, Words, group_starts, is_among, mixed

DUPLICATE_CLICK_SECONDS = 10.0
_SETTLING_SHARE_MAX = 0.2
"""Of a span that is hardly longer than the lookback window, only the last fifth is left out."""


@dataclass(frozen=True)
class Touches:
    """Touches in any order, all [T]: whose, when (seconds since 1970), of which channel, and where."""

    person: Hashes
    time: Floats
    touch: Hashes
    source: Ints
    is_click: Bools
    platform: Ints
    country: Ints

    @classmethod
    def of(cls, rows: Columns) -> "Touches":
        """Take the columns of these names."""
        return cls(**{name: rows[name] for name in cls.__dataclass_fields__})

    def select(self, which: NDArray[np.generic]) -> "Touches":
        """Give those of a mask or an index."""
        return Touches(**{name: getattr(self, name)[which] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class Conversions:
    """Conversions [C] with their touches [T], conversion after conversion: `starts` is [C + 1]."""

    person: Hashes
    time: Floats
    starts: Ints
    touch: Hashes
    touch_time: Floats
    source: Ints
    is_click: Bools


@dataclass(frozen=True)
class Places:
    """Where touches [N] were: of each its hash, in order, platform and country."""

    touch: Hashes
    platform: Ints
    country: Ints

    def of(self, touches: Hashes) -> tuple[Ints, Ints]:
        """Give platform and country of touches; -1 of one that is not known."""
        if not len(self.touch):
            nowhere = np.full(len(touches), -1, np.int64)
            return nowhere, nowhere
        found = np.minimum(np.searchsorted(self.touch, touches), len(self.touch) - 1)
        is_known = self.touch[found] == touches
        return np.where(is_known, self.platform[found], -1), np.where(is_known, self.country[found], -1)


@dataclass(frozen=True)
class Vocabularies:
    """The words that codes stand for."""

    channels: Words
    platforms: Words
    countries: Words


def first_of_each(conversions: Conversions) -> Ints:
    """Choose each person's first conversion that has touches."""
    has_touches = np.flatnonzero(np.diff(conversions.starts) > 0)
    person, time = conversions.person[has_touches], conversions.time[has_touches]
    order = np.lexsort((conversions.touch[conversions.starts[has_touches]], time, person))
    return has_touches[order[group_starts(person[order])[:-1]]]


def converting_journeys(conversions: Conversions, places: Places, words: Vocabularies) -> JourneyTable:
    """Make the journeys that led to conversions."""
    chosen = first_of_each(conversions)
    lengths = np.diff(conversions.starts)[chosen]
    owners = np.repeat(np.arange(len(chosen)), lengths)
    firsts = np.concatenate(([0], np.cumsum(lengths)))[:-1]
    index = np.arange(lengths.sum()) + np.repeat(conversions.starts[chosen] - firsts, lengths)
    rows = Touches(
        person=owners.astype(np.uint64),
        time=conversions.touch_time[index],
        touch=conversions.touch[index],
        source=conversions.source[index],
        is_click=conversions.is_click[index],
        platform=(where := places.of(conversions.touch[index]))[0],
        country=where[1],
    )
    ordered = rows.select(np.lexsort((rows.touch, rows.time, rows.person)))
    return _table(ordered, group_starts(ordered.person), words, is_converting=True)


def null_journeys(
    touches: Touches, converted: Hashes, converting: Hashes, lookback: float, words: Vocabularies
) -> JourneyTable:
    """Make the journeys that led to none; `converted` persons and `converting` touches are in order."""
    took_part = np.sort(touches.person[is_among(touches.touch, converting)])
    left = ~(is_among(touches.person, converted) | is_among(touches.person, took_part))
    rows = touches.select(left)
    rows = rows.select(np.lexsort((rows.touch, rows.time, rows.person)))
    rows = rows.select(_counts(rows))
    starts = group_starts(rows.person)
    first_times = np.repeat(rows.time[starts[:-1]], np.diff(starts)) if len(rows.person) else rows.time
    windows = ((rows.time - first_times) // lookback).astype(np.int64)
    return _table(rows, group_starts(rows.person, windows), words, is_converting=False)


def settled(table: JourneyTable, last_moment: float, lookback: float) -> JourneyTable:
    """Leave out the journeys that may still lead to a conversion, and put the others in the order of time."""
    begins = table.times[table.starts[:-1]]
    if not len(begins):
        return table
    settling = min(lookback, (last_moment - float(begins.min())) * _SETTLING_SHARE_MAX)
    chosen = np.flatnonzero(begins <= last_moment - settling)
    # Whatever the order of the rows was: this one depends on the journeys alone.
    order = np.lexsort(
        (
            table.converted[chosen],
            table.touches[table.starts[chosen]],
            table.lengths[chosen],
            begins[chosen],
            table.ends[chosen],
        )
    )
    return table.select(chosen[order])


def _counts(rows: Touches) -> Bools:
    """Say of ordered touches which count: each once, and of clicks that are one the last."""
    counts = np.ones(len(rows.person), np.bool_)
    same = rows.person[1:] == rows.person[:-1]
    repeated = same & (rows.touch[1:] == rows.touch[:-1])
    again = same & rows.is_click[1:] & rows.is_click[:-1] & (rows.source[1:] == rows.source[:-1])
    again &= rows.time[1:] - rows.time[:-1] <= DUPLICATE_CLICK_SECONDS
    counts[:-1] = ~(repeated | again)
    return counts


def _table(rows: Touches, starts: Ints, words: Vocabularies, *, is_converting: bool) -> JourneyTable:
    journeys = len(starts) - 1
    last = starts[1:] - 1
    channels, sources = words.channels.ordered(rows.source)
    platforms, platform = words.platforms.ordered(rows.platform[last])
    countries, country = words.countries.ordered(rows.country[last])
    return JourneyTable(
        channels=channels,
        touches=sources,
        starts=starts,
        times=rows.time,
        is_click=rows.is_click,
        platforms=platforms,
        platform=platform,
        countries=countries,
        country=country,
        converted=np.full(journeys, is_converting),
        weights=np.ones(journeys),
    )


def person_of(keys: Hashes, otherwise: Hashes) -> Hashes:
    """Give each row's person; of one that nobody knows, something that stands for this row alone."""
    return np.where(keys != 0, keys, mixed(otherwise))
