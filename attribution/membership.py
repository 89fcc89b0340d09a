"""Which channels a journey has, each once: what is shared out by them asks for no more."""

from dataclasses import dataclass

import numpy as np

from attribution.journeys import Ints, Journeys


@dataclass(frozen=True)
class Membership:
    """Each distinct channel of each journey once, in the order of their first touches.

    `owners`, `codes` and `ranks` [M]: the journey, the channel, and its rank (from 0) among its journey's channels.
    `counts` [J]: how many distinct channels a journey has.
    """

    owners: Ints
    codes: Ints
    ranks: Ints
    counts: Ints


def membership(journeys: Journeys) -> Membership:
    """Find the distinct channels of each journey."""
    base = len(journeys.channels)
    _, firsts = np.unique(journeys.owners * base + journeys.touches, return_index=True)
    firsts.sort()
    owners, codes = journeys.owners[firsts], journeys.touches[firsts]
    counts = np.bincount(owners, minlength=len(journeys.lengths))
    ranks = np.arange(len(owners)) - (np.cumsum(counts) - counts)[owners]
    return Membership(owners, codes, ranks, counts)
