"""Journeys as rows of numbers: what a conversion model reads.

All that a feature is measured from is the journey's own last touch, which a journey that led to nothing has too; from
the conversion, or from now, nothing is. Ages and gaps that do not exist (a channel without a touch, one touch alone)
are NaN, on which trees can split.
"""

from collections.abc import Collection, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from attribution.journeys import Floats, Ints
from attribution.ml.journey_table import JourneyTable
from attribution.ml.vocabulary import OTHER, Vocabulary, coded

Features = NDArray[np.float32]

_JOURNEYS_AT_ONCE = 65_536
"""Rows made at once: the numbers in between take 30 MB or so, whatever the number of journeys."""

_DAY_SECONDS, _HOUR_SECONDS = 86_400.0, 3_600.0
_THURSDAY = 3
"""1970 began on one; Monday is 0."""

OF_CHANNELS = ("recency_days", "clicks", "impressions")
OF_JOURNEYS = (
    "length",
    "distinct_channels",
    "top_channel_share",
    "switches",
    "click_share",
    "span_days",
    "gap_mean_hours",
    "gap_min_hours",
    "gap_max_hours",
    "hour",
    "weekday",
)
CATEGORIES = ("first_channel", "last_channel", "platform", "country")
"""Codes of the vocabulary's words; a model puts a number in their place."""


def feature_names(vocabulary: Vocabulary) -> tuple[str, ...]:
    """Name the columns: F = 3 for each channel, and those of journeys."""
    of_channels = (f"{name}:{channel}" for name in OF_CHANNELS for channel in vocabulary.channels)
    return (*of_channels, *OF_JOURNEYS, *CATEGORIES)


def names_of_channels(names: Iterable[str], channels: Collection[str]) -> tuple[str, ...]:
    """Give those of the columns' names that speak of no channel, or of one of these, or of `OTHER`."""
    known = {*channels, OTHER}
    return tuple(name for name in names if ":" not in name or name.partition(":")[2] in known)


def features(table: JourneyTable, vocabulary: Vocabulary) -> Features:
    """Describe each journey: [J, F], in the order of `feature_names`."""
    touches = coded(table.touches, table.channels, vocabulary.channels)
    categories = (
        touches[table.starts[:-1]],
        touches[table.starts[1:] - 1],
        coded(table.platform, table.platforms, vocabulary.platforms),
        coded(table.country, table.countries, vocabulary.countries),
    )
    size = len(vocabulary.channels)
    made = np.empty((len(table), len(OF_CHANNELS) * size + len(OF_JOURNEYS) + len(CATEGORIES)), np.float32)
    for first in range(0, len(table), _JOURNEYS_AT_ONCE):
        last = min(first + _JOURNEYS_AT_ONCE, len(table))
        columns = (*_of_portion(table, touches, size, first, last), *(codes[first:last] for codes in categories))
        place = 0
        for column in columns:
            wide = column if column.ndim > 1 else column[:, None]
            made[first:last, place : place + wide.shape[1]] = wide
            place += wide.shape[1]
    return made


def _of_portion(table: JourneyTable, touches: Ints, size: int, first: int, last: int) -> Iterator[Floats]:
    """Give the columns of journeys `first` up to `last`: tables [I, C] by channel, then those of journeys [I]."""
    begin, end = int(table.starts[first]), int(table.starts[last])
    starts, times, is_click = table.starts[first : last + 1] - begin, table.times[begin:end], table.is_click[begin:end]
    lengths, codes = np.diff(starts), touches[begin:end]
    owners = np.repeat(np.arange(last - first), lengths)
    cells, shape = owners * size + codes, (last - first, size)

    latest = np.full(shape, np.nan)
    # Of several touches of a channel the last one stays: they are in time order.
    latest.reshape(-1)[cells] = times
    ends = times[starts[1:] - 1]
    counts = np.bincount(cells, minlength=latest.size).reshape(shape)
    clicks = np.bincount(cells[is_click], minlength=latest.size).reshape(shape)
    yield (ends[:, None] - latest) / _DAY_SECONDS
    yield clicks.astype(np.float64)
    yield (counts - clicks).astype(np.float64)

    yield lengths.astype(np.float64)
    yield (counts > 0).sum(axis=1).astype(np.float64)
    yield counts.max(axis=1, initial=0) / lengths
    follows = np.ones(len(codes), bool)
    follows[starts[:-1]] = False
    previous = np.maximum(np.arange(len(codes)) - 1, 0)
    yield np.bincount(owners[follows & (codes != codes[previous])], minlength=len(lengths)).astype(np.float64)
    yield clicks.sum(axis=1) / lengths
    yield from _spacing(starts, times, follows, previous)
    yield ends // _HOUR_SECONDS % 24
    yield (ends // _DAY_SECONDS + _THURSDAY) % 7


def _spacing(starts: Ints, times: Floats, follows: NDArray[np.bool_], previous: Ints) -> Iterator[Floats]:
    """Give the span, and the mean, least and greatest gap between one touch and the next; NaN where there is none."""
    single = np.diff(starts) == 1
    span = times[starts[1:] - 1] - times[starts[:-1]]
    gaps = times - times[previous]
    yield span / _DAY_SECONDS
    yield np.where(single, np.nan, span / np.maximum(np.diff(starts) - 1, 1)) / _HOUR_SECONDS
    for extreme, none in ((np.minimum, np.inf), (np.maximum, -np.inf)):
        found = extreme.reduceat(np.where(follows, gaps, none), starts[:-1])
        yield np.where(single, np.nan, found) / _HOUR_SECONDS
