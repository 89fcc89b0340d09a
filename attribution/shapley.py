"""Shapley values of channels, in three games. "Shapley" alone means nothing: the worth of a coalition decides.

- *Simplified*: a coalition is worth the conversions of the journeys whose channels all lie in it. Its Shapley value
  shares each conversion equally among the distinct channels of its journey, and so never goes negative.
  Source: Zhao, Mahboobi, Bagheri: Shapley value methods for attribution modeling in online advertising (2018).
- *Ordered*: the same, told apart by the place at which a channel first appeared among the distinct ones. Same source.
- *Rate-based*: a coalition is worth the conversion rate of the journeys with exactly its channels, 0 if there are none.
  A channel whose company converts better without it gets less than nothing. Sets that nobody had are worth nothing, so
  the Shapley value, a weighted sum of the worths of all 2^C sets, is one over the sets that somebody had: exact,
  however many channels there are.
"""

from dataclasses import dataclass
from math import comb

import numpy as np

from attribution.journeys import Floats, Ints
from attribution.membership import Membership
from attribution.tallies import Tally

_BITS = 62
"""Channels whose presence one signed number can hold."""


def simplified_tally(members: Membership, channels: int) -> Tally:
    """Share each conversion equally among the distinct channels of its journey: [C], summing to the conversions."""
    return Tally(members.codes, members.owners, channels, (1.0 / members.counts)[members.owners])


def ordered_tally(members: Membership, channels: int) -> Tally:
    """The same, by rank: [C * R], R the most distinct channels of any journey; as [C, R] its rows sum to the above."""
    ranks = int(members.counts.max(initial=1))
    shares = (1.0 / members.counts)[members.owners]
    return Tally(members.codes * ranks + members.ranks, members.owners, channels * ranks, shares)


@dataclass(frozen=True)
class RateGame:
    """The game over the K sets of channels that somebody had.

    `tally` counts people by their set: [K]. `gains` [K, C] is what a set's worth adds to the value of each channel: of
    all orders in which channels can join, the part in which this one completes the set, or is the next to join it.
    """

    tally: Tally
    gains: Floats

    def values(self, converted: Floats, seen: Floats) -> Floats:
        """Give the Shapley values [C], in conversions a journey, from counts [K] by set."""
        rates = np.divide(converted, seen, out=np.zeros_like(seen), where=seen > 0)
        return rates @ self.gains


def rate_game(members: Membership, channels: int) -> RateGame:
    """Find the sets of channels that somebody had, and what each counts for."""
    journeys = len(members.counts)
    words = -(-max(channels, 1) // _BITS)
    sets = np.zeros((journeys, words), np.int64)
    np.bitwise_or.at(sets, (members.owners, members.codes // _BITS), np.left_shift(1, members.codes % _BITS))
    known, codes = _numbered(sets)
    has = (known[:, np.arange(channels) // _BITS] >> (np.arange(channels) % _BITS) & 1).astype(bool)
    sizes = has.sum(axis=1)
    # The part of all orders in which given channels, so many, and no others come before a given one.
    before = np.array([1.0 / (channels * comb(channels - 1, size)) for size in range(channels)] + [0.0])
    gains = np.where(has, before[sizes - 1][:, None], -before[sizes][:, None])
    return RateGame(Tally(codes, np.arange(journeys), len(known)), gains)


def _numbered(sets: Ints) -> tuple[Ints, Ints]:
    """Give the distinct rows, [K, words], and for each of `sets` its place among them."""
    if sets.shape[1] == 1:
        known, codes = np.unique(sets[:, 0], return_inverse=True)
        return known[:, None], codes
    known, codes = np.unique(sets, axis=0, return_inverse=True)
    return known, codes.reshape(-1)
