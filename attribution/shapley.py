"""Shapley values of channels, in three games. "Shapley" alone means nothing: the worth of a coalition decides.

- *Simplified*: a coalition is worth the conversions of the journeys whose channels all lie in it. Its Shapley value
  shares each conversion equally among the distinct channels of its journey, and so never goes negative.
  Source: Zhao, Mahboobi, Bagheri: Shapley value methods for attribution modeling in online advertising (2018).
- *Ordered*: the same, told apart by the place at which a channel first appeared among the distinct ones. Same source.
- *Rate-based*: a coalition is worth the conversion rate of the journeys with exactly its channels, 0 if there are none.
  A channel whose company converts better without it gets less than nothing.
"""

from dataclasses import dataclass
from math import factorial

import numpy as np

from attribution.journeys import Floats, Ints, Journeys, summed

EXACT_CHANNELS_MAX = 20
"""2^20 coalitions are a million; past that, permutations are sampled."""

PERMUTATIONS = 2_000


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


def simplified_values(members: Membership, conversions: Floats, channels: int) -> Floats:
    """Share each conversion equally among the distinct channels of its journey: [C], summing to the conversions."""
    return summed(members.codes, (conversions / members.counts)[members.owners], channels)


def ordered_values(members: Membership, conversions: Floats, channels: int) -> Floats:
    """The same, by rank: [C, R], R the most distinct channels of any journey; rows sum to the simplified values."""
    ranks = int(members.counts.max(initial=1))
    shares = (conversions / members.counts)[members.owners]
    return summed(members.codes * ranks + members.ranks, shares, channels * ranks).reshape(channels, ranks)


@dataclass(frozen=True)
class RateValues:
    """Shapley values [C] in conversions a journey, and their standard errors [C]: 0 if all coalitions were counted."""

    values: Floats
    errors: Floats

    def scale(self, conversions: float) -> float:
        """Conversions for a unit of value, if they are shared out among the channels that are not below zero."""
        total = float(np.maximum(self.values, 0.0).sum())
        return conversions / total if total > 0 else 0.0


def rate_values(
    members: Membership,
    conversions: Floats,
    nulls: Floats,
    channels: int,
    *,
    seed: int,
    permutations: int = PERMUTATIONS,
) -> RateValues:
    """Play the rate-based game: exactly up to `EXACT_CHANNELS_MAX` channels, else by sampled permutations."""
    if channels <= EXACT_CHANNELS_MAX:
        return RateValues(_exact_rates(_worths(members, conversions, nulls, channels), channels), np.zeros(channels))
    return _sampled_rates(members, conversions, nulls, channels, seed=seed, permutations=permutations)


def _worths(members: Membership, conversions: Floats, nulls: Floats, channels: int) -> Floats:
    """Say what each coalition is worth: [2^C], a coalition's bits being its channels."""
    sets = summed(members.owners, np.exp2(members.codes), len(members.counts)).astype(np.int64)
    converted = summed(sets, conversions, 1 << channels)
    seen = converted + summed(sets, nulls, 1 << channels)
    worths: Floats = np.divide(converted, seen, out=np.zeros_like(seen), where=seen > 0)
    return worths


def _exact_rates(worths: Floats, channels: int) -> Floats:
    coalitions = np.arange(1 << channels)
    sizes = np.bitwise_count(coalitions)
    chances = np.array(
        [factorial(size) * factorial(channels - size - 1) / factorial(channels) for size in range(channels)]
    )
    values = np.empty(channels)
    for channel in range(channels):
        without = coalitions[coalitions >> channel & 1 == 0]
        gains = worths[without | 1 << channel] - worths[without]
        values[channel] = chances[sizes[without]] @ gains
    return values


def _sampled_rates(
    members: Membership, conversions: Floats, nulls: Floats, channels: int, *, seed: int, permutations: int
) -> RateValues:
    """Let channels join in random orders; only joining that completes a seen set, or leaves one, changes the worth."""
    rates = _rates_by_set(members, conversions, nulls)
    random = np.random.default_rng(seed)
    total, squares = np.zeros(channels), np.zeros(channels)
    for _ in range(permutations):
        joined = 0
        before = 0.0
        gains = np.zeros(channels)
        for channel in random.permutation(channels).tolist():
            joined |= 1 << channel
            after = rates.get(joined, 0.0)
            gains[channel] = after - before
            before = after
        total += gains
        squares += gains**2
    mean = total / permutations
    variance = np.maximum(squares / permutations - mean**2, 0.0)
    return RateValues(mean, np.sqrt(variance / permutations))


def _rates_by_set(members: Membership, conversions: Floats, nulls: Floats) -> dict[int, float]:
    sets = [0] * len(members.counts)
    for owner, code in zip(members.owners.tolist(), members.codes.tolist(), strict=True):
        sets[owner] |= 1 << code
    converted: dict[int, float] = {}
    seen: dict[int, float] = {}
    for coalition, won, lost in zip(sets, conversions.tolist(), nulls.tolist(), strict=True):
        converted[coalition] = converted.get(coalition, 0.0) + won
        seen[coalition] = seen.get(coalition, 0.0) + won + lost
    return {coalition: converted[coalition] / count for coalition, count in seen.items() if count}
