"""Journeys in columns: what every multi-touch model reads, at a few bytes a touch and no object for any."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Journeys:
    """J journeys of T touches in all, over C channels; each stands for all people who went that way.

    `touches` [T] are codes of `channels`, journey after journey, each in time order; journey j has those from
    `starts[j]` up to `starts[j + 1]`, at least one (`starts` is [J + 1]). `conversions` and `nulls` [J] say how many
    people converted and how many did not, `values` [J] what those conversions were worth. `ages` [T] are the days
    from a touch to its journey's end; `leads` [J] the place in the journey (from 0) of the touch that made the lead,
    -1 where none did. `touch_credits` [T] are what a learned model gave each touch when the conversion was attributed:
    they sum to 1 in a journey that it shared out, and are 0 in the others; None where nobody asked for them.
    """

    channels: tuple[str, ...]
    touches: Ints
    starts: Ints
    conversions: Floats
    nulls: Floats
    values: Floats
    ages: Floats
    leads: Ints
    touch_credits: Floats | None = None

    @cached_property
    def lengths(self) -> Ints:
        """How many touches each journey has: [J]."""
        return np.diff(self.starts)

    @cached_property
    def owners(self) -> Ints:
        """To which journey each touch belongs: [T]."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @cached_property
    def places(self) -> Ints:
        """Which place in its journey each touch has, from 0: [T]."""
        return np.arange(len(self.touches)) - self.starts[self.owners]

    def code_of(self, channel: str) -> int:
        """Look a channel's code up; -1 if no journey has it."""
        return self.channels.index(channel) if channel in self.channels else -1


def summed(codes: Ints, weights: Floats, size: int) -> Floats:
    """Add up the weights of each code: [size], 0 for a code that does not occur."""
    return np.bincount(codes, weights, size).astype(np.float64, copy=False)


def journeys_of_paths(
    paths: Iterable[Sequence[str]],
    conversions: Sequence[float],
    nulls: Sequence[float],
    values: Sequence[float],
    *,
    gap_days: float = 1.0,
) -> Journeys:
    """Put paths (channels in time order) into columns; channels are numbered by their names' order.

    Paths have no times, so touches count as `gap_days` apart, and the last as one with the conversion.

    Raises:
        ValueError: a path has no touch.
    """
    listed = [tuple(path) for path in paths]
    lengths = np.fromiter(map(len, listed), np.int64, len(listed))
    if not lengths.all():
        raise ValueError("a journey needs at least one touch")
    channels = tuple(sorted({channel for path in listed for channel in path}))
    codes = {channel: code for code, channel in enumerate(channels)}
    touches = np.fromiter((codes[channel] for path in listed for channel in path), np.int64, int(lengths.sum()))
    starts = np.concatenate(([0], np.cumsum(lengths)))
    ends = np.repeat(starts[1:], lengths)
    return Journeys(
        channels=channels,
        touches=touches,
        starts=starts,
        conversions=np.asarray(conversions, np.float64),
        nulls=np.asarray(nulls, np.float64),
        values=np.asarray(values, np.float64),
        ages=(ends - 1 - np.arange(len(touches))).astype(np.float64) * gap_days,
        leads=np.full(len(listed), -1),
    )
