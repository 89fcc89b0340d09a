"""What can be seen of journeys without any model: common paths, how people flow, how long it takes, who assists."""

from dataclasses import dataclass

import numpy as np

from attribution.journeys import Floats, Ints, Journeys, summed
from attribution.membership import membership

CONVERSION = "(conversion)"
NULL = "(null)"
MORE = "(more)"
"""Where a flow goes on past the last step that is shown."""

LAG_HOURS = (0, 1, 6, 12, 24, 48, 72, 96, 120, 144, 168, 336, 720, 2160)
"""Where the buckets of time lags begin; the last one has no end."""

_LENGTH_MAX = 20
"""Longer journeys are counted together."""


@dataclass(frozen=True)
class PathCount:
    """A path, and how many people who went it converted, or did not; `value` is what the conversions were worth."""

    path: tuple[str, ...]
    conversions: float
    nulls: float
    value: float


@dataclass(frozen=True)
class Link:
    """So many people went on from `source` at `step` (from 1) to `target`; `conversions` of them converted later."""

    step: int
    source: str
    target: str
    people: float
    conversions: float


@dataclass(frozen=True)
class Assists:
    """Conversions in whose journey a channel had a touch but not the last, those where it had the last, or the first.

    `ratio` is assisted to last, None if it never was the last.
    """

    channel: str
    assisted: float
    last_touch: float
    first_touch: float
    ratio: float | None


@dataclass(frozen=True)
class LengthCount:
    """How many journeys have so many touches; the longest row stands for longer ones, too."""

    touches: int
    conversions: float
    nulls: float


@dataclass(frozen=True)
class LagCount:
    """How many conversions came so long (in hours, `until_hours` None: or longer) after the first and last touch."""

    from_hours: int
    until_hours: int | None
    from_first_touch: float
    from_last_touch: float


def top_paths(journeys: Journeys, limit: int) -> list[PathCount]:
    """List the paths by conversions, then by people; of equals the shorter first, then by channels in their order."""
    people = journeys.conversions + journeys.nulls
    first = np.lexsort((journeys.lengths, -people, -journeys.conversions))[:limit]
    return [
        PathCount(
            tuple(
                journeys.channels[code] for code in journeys.touches[journeys.starts[row] : journeys.starts[row + 1]]
            ),
            float(journeys.conversions[row]),
            float(journeys.nulls[row]),
            float(journeys.values[row]),
        )
        for row in first.tolist()
    ]


def flow(journeys: Journeys, steps: int) -> list[Link]:
    """Follow people over their first touches, as a Sankey diagram has it: the nodes are (step, channel)."""
    return [link for step in range(steps) for link in _links(journeys, step, is_last=step == steps - 1)]


def _links(journeys: Journeys, step: int, *, is_last: bool) -> list[Link]:
    channels = len(journeys.channels)
    targets = (*journeys.channels, MORE, CONVERSION, NULL)
    here = np.flatnonzero(journeys.lengths > step)
    goes_on = journeys.lengths[here] > step + 1
    sources = journeys.touches[journeys.starts[here] + step]
    onward = np.full(len(here), channels)
    if not is_last:
        onward[goes_on] = journeys.touches[journeys.starts[here[goes_on]] + step + 1]
    width = len(targets)
    on, ended = sources * width + onward, sources * width + channels
    converted, lost = journeys.conversions[here], journeys.nulls[here]
    size = channels * width
    conversions = summed(on, converted * goes_on, size) + summed(ended + 1, converted * ~goes_on, size)
    nulls = summed(on, lost * goes_on, size) + summed(ended + 2, lost * ~goes_on, size)
    return [
        Link(
            step + 1,
            journeys.channels[place // width],
            targets[place % width],
            float(conversions[place] + nulls[place]),
            float(conversions[place]),
        )
        for place in np.flatnonzero(conversions + nulls).tolist()
    ]


def assists(journeys: Journeys) -> list[Assists]:
    """Count how often each channel assisted, closed and began journeys that converted; the most present first."""
    members, channels = membership(journeys), len(journeys.channels)
    lasts, firsts = journeys.touches[journeys.starts[1:] - 1], journeys.touches[journeys.starts[:-1]]
    present = summed(members.codes, journeys.conversions[members.owners], channels)
    last, first = summed(lasts, journeys.conversions, channels), summed(firsts, journeys.conversions, channels)
    return [
        Assists(
            journeys.channels[code],
            float(present[code] - last[code]),
            float(last[code]),
            float(first[code]),
            float((present[code] - last[code]) / last[code]) if last[code] else None,
        )
        for code in np.argsort(-present, kind="stable").tolist()
    ]


def length_counts(journeys: Journeys) -> list[LengthCount]:
    """Count journeys by their number of touches, without gaps, up to the longest or the row that stands for longer."""
    lengths = np.minimum(journeys.lengths, _LENGTH_MAX)
    size = int(lengths.max(initial=0)) + 1
    conversions, nulls = summed(lengths, journeys.conversions, size), summed(lengths, journeys.nulls, size)
    return [LengthCount(touches, float(conversions[touches]), float(nulls[touches])) for touches in range(1, size)]


def lag_counts(journeys: Journeys) -> list[LagCount]:
    """Count converting journeys, whose ages must be known, by the time from first and last touch to the conversion."""
    first = _by_bucket(journeys.ages[journeys.starts[:-1]], journeys.conversions)
    last = _by_bucket(journeys.ages[journeys.starts[1:] - 1], journeys.conversions)
    ends = (*LAG_HOURS[1:], None)
    return [LagCount(*row) for row in zip(LAG_HOURS, ends, first.tolist(), last.tolist(), strict=True)]


def _by_bucket(ages_days: Floats, conversions: Floats) -> Floats:
    buckets: Ints = np.searchsorted(LAG_HOURS, ages_days * 24, side="right") - 1
    return summed(np.maximum(buckets, 0), conversions, len(LAG_HOURS))
