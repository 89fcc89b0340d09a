"""Markov chains of journeys, and what would be lost of the conversions if one channel were gone: the removal effect.

States are (start), the last k channels, (conversion) and (null); transition probabilities are counts over all
journeys, self-loops kept. With Q the transitions among the k-channel states, s those from (start) and r those to
(conversion), a journey converts with p = s (I - Q)^-1 r. Without channel c, whatever enters a state that contains c
ends in (null). Small chains are solved in closed form, large ones step by step until nobody is left who could change a
digit; nothing is simulated.

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
from attribution.tallies import Tally, sums_of

_DENSE_STATES_MAX = 64
"""Up to so many states one dense inverse is faster than going step by step."""

_STEPS_MAX = 2_000
"""Of journeys that end so rarely that more are needed, a system is solved instead."""

_TRAVELLING_MAX = 1e-12
"""The part of the conversions that those who still travel may be."""

STATES_MAX = 50_000
"""More are hardly visited more than once each: nothing can be learned of them, and solving them takes for ever."""

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
    def ends(self) -> Tally:
        """Count by the state in which journeys end: [S]."""
        return Tally(self.states[self.journeys.starts[1:] - 1], np.arange(len(self.journeys.lengths)), self._size)

    @cached_property
    def seen(self) -> tuple[Tally, Tally, Tally]:
        """Count by first state [S], by last state [S], and by step within a journey [M]."""
        known, steps, owners = self._steps
        firsts = self.states[self.journeys.starts[:-1]]
        return Tally(firsts, self.ends.owners, self._size), self.ends, Tally(steps, owners, len(known))

    @property
    def _size(self) -> int:
        return len(self.members)

    @cached_property
    def _steps(self) -> tuple[Ints, Ints, Ints]:
        """The distinct steps [M], as numbers S * before + after; which of them each step is, and its journey."""
        inner = np.ones(len(self.states), dtype=bool)
        inner[self.journeys.starts[:-1]] = False
        after = np.flatnonzero(inner)
        steps = self.states[after - 1] * self._size + self.states[after]
        if self._size <= _DENSE_STATES_MAX:
            # All that there can be: the matrix itself.
            return np.arange(self._size**2), steps, self.journeys.owners[after]
        known, codes = np.unique(steps, return_inverse=True)
        return known, codes, self.journeys.owners[after]

    def removal_effects(self, conversions: Floats, nulls: Floats) -> RemovalEffects:
        """Solve the chain, the journeys weighing `conversions` and `nulls` [J].

        Put what the conversions were worth in their place to share out value: then journeys weigh by it on their way
        to (conversion), while the null ones keep their mass.
        """
        return self.solved(self.ends.of(conversions), sums_of(self.seen, conversions + nulls))

    def solved(self, converting: Floats, seen: Floats) -> RemovalEffects:
        """Solve the chain from what `ends` and `seen` tally."""
        size = self._size
        firsts, lasts, moves = np.split(seen, (size, 2 * size))
        total = firsts.sum()
        if not total or not converting.any():
            return RemovalEffects(np.zeros(self.members.shape[1]), 0.0)
        if size <= _DENSE_STATES_MAX:
            leaving = moves.reshape(size, size)
            scale = _inverse(lasts + leaving.sum(axis=1))
            return _dense_effects(firsts / total, leaving * scale[:, None], converting * scale, self.members)
        before, after = np.divmod(self._steps[0], size)
        scale = _inverse(lasts + summed(before, moves, size))
        transitions = sparse.csc_array((moves * scale[before], (before, after)), shape=(size, size))
        return _sparse_effects(firsts / total, transitions, converting * scale, self.members)


def markov_chain(journeys: Journeys, order: int) -> MarkovChain:
    """Find the states of an order, 1 to `MARKOV_ORDER_MAX`: so many latest channels, fewer near a journey's start.

    Raises:
        ValueError: the order is out of range, or the journeys have more than `STATES_MAX` states.
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
    if len(known) > STATES_MAX:
        raise ValueError(f"order {order} has {len(known):,} states here, of which {STATES_MAX:,} are the most")
    members = np.zeros((len(known), base), dtype=bool)
    for back in range(order):
        members[np.arange(len(known)), known // base**back % base] = True
    return MarkovChain(journeys, states, members[:, 1:])


def _inverse(visits: Floats) -> Floats:
    # A state that no journey of any weight enters leads nowhere.
    return 1.0 / np.where(visits > 0, visits, 1.0)


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
    """Follow everybody step by step, and beside them, for each channel, those who have not met it: [S, 1 + C].

    Whoever still travels bounds the error, and of them there is a part less with each step: some hundred
    products cost a fraction of what a system for each channel does. Where journeys hardly ever end, it is solved.
    """
    remain = np.hstack([np.ones((len(start), 1)), ~members])
    travelling, arrived = start[:, None] * remain, np.zeros(remain.shape[1])
    onward = transitions.T.tocsr()
    for _ in range(_STEPS_MAX):
        arrived += converting @ travelling
        if travelling.sum(axis=0).max() <= _TRAVELLING_MAX * arrived[0]:
            return RemovalEffects(np.clip(1.0 - arrived[1:] / arrived[0], 0.0, 1.0), float(arrived[0]))
        travelling = (onward @ travelling) * remain
    return _solved_effects(start, transitions, converting, members)


def _solved_effects(start: Floats, transitions: sparse.csc_array, converting: Floats, members: Marks) -> RemovalEffects:
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
