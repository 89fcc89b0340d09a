"""Rules that share a conversion out over the touches of its journey: each gives weights [T] that sum to 1 a journey.

`learned` alone repeats what was shared out before, and leaves out journeys that were not.

They look at one journey at a time and say nothing of what would have happened without a touch.
"""

import numpy as np

from attribution.journeys import Floats, Journeys

_FIRST, _BETWEEN, _LAST = 0.4, 0.2, 0.4
_W_KEY, _W_REST = 0.3, 0.1


def first_touch(journeys: Journeys) -> Floats:
    """All to the first touch."""
    return _all_to(journeys, journeys.starts[:-1])


def last_touch(journeys: Journeys) -> Floats:
    """All to the last touch."""
    return _all_to(journeys, journeys.starts[1:] - 1)


def last_non_direct(journeys: Journeys, direct: str) -> Floats:
    """All to the last touch whose channel is not `direct`; to the last one where there is no other."""
    indirect = np.where(journeys.touches != journeys.code_of(direct), np.arange(len(journeys.touches)), -1)
    chosen = np.maximum.reduceat(indirect, journeys.starts[:-1])
    return _all_to(journeys, np.where(chosen >= 0, chosen, journeys.starts[1:] - 1))


def linear(journeys: Journeys) -> Floats:
    """The same to each touch."""
    return 1.0 / journeys.lengths[journeys.owners]


def time_decay(journeys: Journeys, half_life_days: float) -> Floats:
    """Half as much to a touch that is `half_life_days` older: weight 2^(-age / half-life), normalised."""
    # Counted from the youngest touch of its journey, the ages of old journeys do not vanish in the exponent.
    youngest = np.minimum.reduceat(journeys.ages, journeys.starts[:-1])
    return _normalised(journeys, np.exp2((youngest[journeys.owners] - journeys.ages) / half_life_days))


def position_based(journeys: Journeys, first: float = _FIRST, between: float = _BETWEEN, last: float = _LAST) -> Floats:
    """Shares for the first and the last touch, and one that those between have in equal parts.

    Where no touch lies between, first and last have all, in their own proportion (half and half if both are 0).
    """
    lengths = journeys.lengths
    ends = (first, last) if first + last > 0 else (0.5, 0.5)
    weights = between / np.maximum(lengths - 2, 1)[journeys.owners]
    weights[journeys.starts[:-1]] = ends[0]
    weights[journeys.starts[1:] - 1] = ends[1]
    weights[journeys.starts[:-1][lengths == 1]] = 1.0
    return _normalised(journeys, weights)


def w_shaped(journeys: Journeys) -> Floats:
    """0.3 each to the first touch, the one that made the lead, and the last; 0.1 to all others together.

    A touch that is two of these has both shares; without others, theirs are scaled up. A journey without a lead is
    shared out as by `position_based`.
    """
    has_lead = journeys.leads >= 0
    starts = journeys.starts[:-1]
    keys = np.zeros(len(journeys.touches))
    for place in (starts, starts + np.maximum(journeys.leads, 0), journeys.starts[1:] - 1):
        np.add.at(keys, place, _W_KEY)
    is_other = keys == 0
    others = np.add.reduceat(is_other.astype(np.float64), starts)
    weights = np.where(is_other, _W_REST / np.maximum(others, 1.0)[journeys.owners], keys)
    return np.where(has_lead[journeys.owners], _normalised(journeys, weights), position_based(journeys))


def learned(journeys: Journeys) -> Floats:
    """To each touch what a learned model gave it; nothing to those of a journey that none shared out."""
    return np.zeros(len(journeys.touches)) if journeys.touch_credits is None else journeys.touch_credits


def _all_to(journeys: Journeys, chosen: np.typing.NDArray[np.int64]) -> Floats:
    weights = np.zeros(len(journeys.touches))
    weights[chosen] = 1.0
    return weights


def _normalised(journeys: Journeys, weights: Floats) -> Floats:
    return weights / np.add.reduceat(weights, journeys.starts[:-1])[journeys.owners]
