"""Markov chains of journeys, and what would be lost of the conversions if one channel were gone: the removal effect.

States are (start), the last k channels, (conversion) and (null); transition probabilities are counts over all
journeys, self-loops kept. With Q the transitions among the k-channel states, s those from (start) and r those to
(conversion), a journey converts with p = s (I - Q)^-1 r. Without channel c, whatever enters a state that contains c
ends in (null). Everything is solved in closed form; nothing is simulated.

Source: Anderl, Becker, von Wangenheim, Schumann: Mapping the customer journey (2016).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from attribution.journeys import Floats, Ints, Journeys, summed

ORDER_MAX = 4


@dataclass(frozen=True)
class RemovalEffects:
    """`effects` [C]: the share of conversions lost without each channel; `probability` of a journey to convert."""

    effects: Floats
    probability: float

    def credits(self, conversions: float) -> Floats:
        """Share conversions out in proportion to the removal effects: [C]."""
        total = self.effects.sum()
        return conversions * self.effects / total if total > 0 else np.zeros_like(self.effects)


@dataclass(frozen=True)
class MarkovChain:
    """The chain of a set of journeys, ready to be solved for any weights of them: a bootstrap solves it often.

    `states` [T] is the state that each touch leads to, of `members` [S, C], which says which channels a state contains.
    """

    journeys: Journeys
    states: Ints
    members: np.typing.NDArray[np.bool_]

    @cached_property
    def _steps(self) -> tuple[Ints, Ints, Ints]:
        """Each step within a journey: state before, state after, journey."""
        inner = np.ones(len(self.states), dtype=bool)
        inner[self.journeys.starts[:-1]] = False
        after = np.flatnonzero(inner)
        return self.states[after - 1], self.states[after], self.journeys.owners[after]

    def removal_effects(self, conversions: Floats, nulls: Floats) -> RemovalEffects:
        """Solve the chain, the journeys weighing `conversions` and `nulls` [J].

        Put what the conversions were worth in their place to share out value: then journeys weigh by it on their way
        to (conversion), while the null ones keep their mass.
        """
        size = len(self.members)
        before, after, owners = self._steps
        weights = conversions + nulls
        firsts = self.states[self.journeys.starts[:-1]]
        lasts = self.states[self.journeys.starts[1:] - 1]
        total = weights.sum()
        if not total or not conversions.any():
            return RemovalEffects(np.zeros(self.members.shape[1]), 0.0)
        moves = sparse.csr_array((weights[owners], (before, after)), shape=(size, size))
        converting = summed(lasts, conversions, size)
        leaving = moves.sum(axis=1) + summed(lasts, weights, size)
        # A state that no weighted journey enters leads nowhere, and is left out of the system by its own row.
        scale = 1.0 / np.where(leaving > 0, leaving, 1.0)
        start = summed(firsts, weights, size) / total
        transitions = moves.multiply(scale[:, None]).tocsc()
        solve = _dense_effects if _is_single(self.members) else _sparse_effects
        return solve(start, transitions, converting * scale, self.members)


def markov_chain(journeys: Journeys, order: int) -> MarkovChain:
    """Find the states of order k, 1 to `ORDER_MAX`: up to k channels, the latest ones; fewer near a journey's start.

    Raises:
        ValueError: the order is out of range, or there are more channels than the states' numbers can hold.
    """
    if not 1 <= order <= ORDER_MAX:
        raise ValueError(f"the order must be 1 to {ORDER_MAX}")
    base = len(journeys.channels) + 1
    if base**order > np.iinfo(np.int64).max:
        raise ValueError(f"{len(journeys.channels)} channels are too many for order {order}")
    digits = np.zeros((order, len(journeys.touches)), dtype=np.int64)
    for back in range(order):
        reaches = journeys.places >= back
        digits[back, reaches] = journeys.touches[np.flatnonzero(reaches) - back] + 1
    powers = base ** np.arange(order, dtype=np.int64)
    codes, states = np.unique(powers @ digits, return_inverse=True)
    members = np.zeros((len(codes), base), dtype=bool)
    for power in powers:
        members[np.arange(len(codes)), codes // power % base] = True
    return MarkovChain(journeys, states, members[:, 1:])


def _is_single(members: np.typing.NDArray[np.bool_]) -> bool:
    return bool((members.sum(axis=1) == 1).all() and len(members) == members.shape[1])


def _dense_effects(
    start: Floats, transitions: sparse.csc_array, converting: Floats, members: np.typing.NDArray[np.bool_]
) -> RemovalEffects:
    """Order 1: with N = (I - Q)^-1, one inverse serves all channels: RE(c) = N[start, c] b[c] / (N[c, c] p)."""
    inverse = np.linalg.inv(np.eye(len(members)) - transitions.toarray())
    visits, success = start @ inverse, inverse @ converting
    probability = float(start @ success)
    effects = visits * success / np.diag(inverse) / probability
    # State i is channel i: both are numbered in the order of the channels.
    return RemovalEffects(effects, probability)


def _sparse_effects(
    start: Floats, transitions: sparse.csc_array, converting: Floats, members: np.typing.NDArray[np.bool_]
) -> RemovalEffects:
    """Higher orders: the system is solved once for each channel, without the states that contain it."""
    probability = _probability(start, transitions, converting)
    effects = [
        1.0 - _probability(start[kept], transitions[kept][:, kept], converting[kept]) / probability
        for kept in (~members[:, channel] for channel in range(members.shape[1]))
    ]
    return RemovalEffects(np.maximum(effects, 0.0), probability)


def _probability(start: Floats, transitions: sparse.csc_array, converting: Floats) -> float:
    if not len(start):
        return 0.0
    system = sparse.eye_array(len(start), format="csc") - transitions
    return float(start @ splu(system.tocsc()).solve(converting))
