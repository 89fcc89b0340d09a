"""Credit by counterfactual removal: what a touch gets is what the probability loses without it.

The journey without the touch is described anew, as if the touch had never been: without the last one also the end of
the journey, from which ages are measured, is another.
"""

from collections.abc import Callable, Iterator

import numpy as np

from attribution.journeys import Floats, Ints, summed
from attribution.ml.journey_table import JourneyTable, ranges

TOUCHES_MAX = 200
"""Of a longer journey the newest touches alone are looked at: work and memory grow with the square of the length."""

_TOUCHES_AT_ONCE = 500_000
"""Touches of all journeys with one removed that are described at once: 60 MB or so with their features."""
_ROW_TOUCHES = 16
"""What a row costs beyond its touches, in touches."""

_NOTHING = 1e-9
"""A loss of probability below this is rounding."""

Probability = Callable[[JourneyTable], Floats]


def removal_credits(table: JourneyTable, probability: Probability) -> Floats:
    """Share each journey's credit out among its touches: [T], at least 0, summing to 1 in each journey.

    Uniform where no removal lowers the probability. A touch beyond the newest `TOUCHES_MAX` gets nothing.
    """
    lengths = np.minimum(table.lengths, TOUCHES_MAX)
    places, starts = ranges(table.starts[1:] - lengths, lengths)
    recent = table.with_touches(np.arange(len(table)), places, starts)
    several = np.flatnonzero(lengths > 1)
    gains = np.zeros(len(places))
    for chunk in _chunks(lengths[several]):
        part = recent.select(several[chunk])
        found, _ = ranges(starts[several[chunk]], part.lengths)
        without = probability(_without_each(part))
        gains[found] = np.maximum(probability(part)[part.owners] - without, 0.0)
    gains[gains < _NOTHING] = 0.0
    total = summed(recent.owners, gains, len(table))[recent.owners]
    made = np.zeros(len(table.touches))
    made[places] = np.where(total > 0, gains / np.where(total > 0, total, 1.0), 1.0 / lengths[recent.owners])
    return made


def _chunks(lengths: Ints) -> Iterator[slice]:
    """Cut journeys into runs whose removals cost about the same; one journey at least."""
    cost = np.cumsum(lengths * (lengths - 1 + _ROW_TOUCHES))
    first = 0
    while first < len(lengths):
        limit = (cost[first - 1] if first else 0) + _TOUCHES_AT_ONCE
        last = max(first + 1, int(np.searchsorted(cost, limit, side="right")))
        yield slice(first, last)
        first = last


def _without_each(table: JourneyTable) -> JourneyTable:
    """Give a journey for each touch [T]: the one it belongs to, without it. Each has two touches or more."""
    owners = table.owners
    places, starts = ranges(table.starts[owners], table.lengths[owners] - 1)
    removed = np.repeat(np.arange(len(owners)), table.lengths[owners] - 1)
    return table.with_touches(owners, places + (places >= removed), starts)
