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
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from attribution.journeys import Floats, Ints, Journeys, summed
from attribution.model_spec import MARKOV_ORDER_MAX

_DENSE_STATES_MAX = 512
"""Up to so many states one dense inverse is faster than a sparse system for each channel."""

_TABLE_MAX = 2**20

Marks = NDArray[np.bool_]


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
    members: Marks

    @cached_property
    def _steps(self) -> tuple[Ints, Ints]:
        """Each step within a journey: its states before and after as one number, and the journey."""
        inner = np.ones(len(self.states), dtype=bool)
        inner[self.journeys.starts[:-1]] = False
        after = np.flatnonzero(inner)
        return self.states[after - 1] * len(self.members) + self.states[after], self.journeys.owners[after]

    def removal_effects(self, conversions: Floats, nulls: Floats) -> RemovalEffects:
        """Solve the chain, the journeys weighing `conversions` and `nulls` [J].

        Put what the conversions were worth in their place to share out value: then journeys weigh by it on their way
        to (conversion), while the null ones keep their mass.
        """
        size = len(self.members)
        weights = conversions + nulls
        total = weights.sum()
        if not total or not conversions.any():
            return RemovalEffects(np.zeros(self.members.shape[1]), 0.0)
        firsts = self.states[self.journeys.starts[:-1]]
        lasts = self.states[self.journeys.starts[1:] - 1]
        visits = summed(self.states, weights[self.journeys.owners], size)
        # A state that no journey of any weight enters leads nowhere.
        scale = 1.0 / np.where(visits > 0, visits, 1.0)
        start = summed(firsts, weights, size) / total
        converting = summed(lasts, conversions, size) * scale
        if size <= _DENSE_STATES_MAX:
            return _dense_effects(start, self._dense_moves(weights) * scale[:, None], converting, self.members)
        transitions = self._sparse_moves(weights).multiply(scale[:, None]).tocsc()
        return _sparse_effects(start, transitions, converting, self.members)

    def _dense_moves(self, weights: Floats) -> Floats:
        steps, owners = self._steps
        size = len(self.members)
        return summed(steps, weights[owners], size * size).reshape(size, size)

    def _sparse_moves(self, weights: Floats) -> sparse.csr_array:
        steps, owners = self._steps
        size = len(self.members)
        return sparse.csr_array((weights[owners], np.divmod(steps, size)), shape=(size, size))


def markov_chain(journeys: Journeys, order: int) -> MarkovChain:
    """Find the states of an order, 1 to `MARKOV_ORDER_MAX`: so many latest channels, fewer near a journey's start.

    Raises:
        ValueError: the order is out of range, or there are more channels than the states' numbers can hold.
    """
    if not 1 <= order <= MARKOV_ORDER_MAX:
        raise ValueError(f"the order must be 1 to {MARKOV_ORDER_MAX}")
    base = len(journeys.channels) + 1
    if base**order > np.iinfo(np.int64).max:
        raise ValueError(f"{len(journeys.channels)} channels are too many for order {order}")
    codes = journeys.touches + 1
    for back in range(1, order):
        reaches = np.flatnonzero(journeys.places >= back)
        codes[reaches] += (journeys.touches[reaches - back] + 1) * base**back
    known, states = _numbered(codes, base**order)
    members = np.zeros((len(known), base), dtype=bool)
    for back in range(order):
        members[np.arange(len(known)), known // base**back % base] = True
    return MarkovChain(journeys, states, members[:, 1:])


def _numbered(codes: Ints, space: int) -> tuple[Ints, Ints]:
    """Give the codes that occur, in their order, and for each of `codes` its place among them."""
    if space > _TABLE_MAX:
        return np.unique(codes, return_inverse=True)
    # The same without sorting.
    occurs = np.zeros(space, dtype=bool)
    occurs[codes] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[codes]


def _dense_effects(start: Floats, transitions: Floats, converting: Floats, members: Marks) -> RemovalEffects:
    """One inverse serves all channels.

    With N = (I - Q)^-1, b = N r, and K the states that contain c: RE(c) = N[start, K] N[K, K]^-1 b[K] / p.
    """
    inverse = np.linalg.inv(np.eye(len(members)) - transitions)
    visits, success = start @ inverse, inverse @ converting
    probability = float(start @ success)

    def effect(has: Marks) -> float:
        return float(visits[has] @ np.linalg.solve(inverse[np.ix_(has, has)], success[has])) / probability

    return RemovalEffects(np.clip([effect(has) for has in members.T], 0.0, 1.0), probability)


def _sparse_effects(start: Floats, transitions: sparse.csc_array, converting: Floats, members: Marks) -> RemovalEffects:
    """Solve the system once for each channel, without the states that contain it."""
    probability = _probability(start, transitions, converting)
    effects = [
        1.0 - _probability(start[kept], transitions[kept][:, kept], converting[kept]) / probability
        for kept in (~members[:, channel] for channel in range(members.shape[1]))
    ]
    return RemovalEffects(np.clip(effects, 0.0, 1.0), probability)


def _probability(start: Floats, transitions: sparse.csc_array, converting: Floats) -> float:
    if not len(start):
        return 0.0
    system = sparse.eye_array(len(start), format="csc") - transitions
    return float(start @ splu(system.tocsc()).solve(converting))
