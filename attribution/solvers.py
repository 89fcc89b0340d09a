"""Each multi-touch model as what it has to know of the journeys, and what it makes of that: tallies and a function."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from attribution import shapley, touch_weights
from attribution.journeys import Floats, Journeys
from attribution.markov import markov_chain
from attribution.membership import Membership, membership
from attribution.model_spec import Model, ModelSpec
from attribution.tallies import Tally, sums_of

_RULES: dict[Model, Callable[[Journeys, ModelSpec], Floats]] = {
    Model.FIRST: lambda journeys, _: touch_weights.first_touch(journeys),
    Model.LAST: lambda journeys, _: touch_weights.last_touch(journeys),
    Model.LAST_NON_DIRECT: lambda journeys, spec: touch_weights.last_non_direct(journeys, spec.direct_channel),
    Model.LINEAR: lambda journeys, _: touch_weights.linear(journeys),
    Model.TIME_DECAY: lambda journeys, spec: touch_weights.time_decay(journeys, spec.half_life_days),
    Model.POSITION: lambda journeys, _: touch_weights.position_based(journeys),
    Model.W_SHAPED: lambda journeys, _: touch_weights.w_shaped(journeys),
    Model.CUSTOM: lambda journeys, spec: touch_weights.position_based(journeys, *spec.custom_weights),
    Model.DATA_DRIVEN: lambda journeys, _: touch_weights.learned(journeys),
}


@dataclass(frozen=True)
class Solved:
    """Credits [C]; where the model has them, removal effects [C] and credits by rank [C, R]."""

    credits: Floats
    effects: Floats | None = None
    by_rank: Floats | None = None


@dataclass(frozen=True)
class Solver:
    """`converting` tallies what is shared out, `seen` that and the nulls (if it asks who did not convert).

    `solve` takes the sums of both to credits.
    """

    converting: Tally
    seen: tuple[Tally, ...]
    solve: Callable[[Floats, Floats], Solved]

    def credits(self, shared_out: Floats, nulls: Floats) -> Solved:
        """Solve for the journeys' weights, [J] each."""
        return self.solve(self.converting.of(shared_out), sums_of(self.seen, shared_out + nulls))


def solver(journeys: Journeys, spec: ModelSpec) -> Solver:
    """Find what a model has to know of these journeys.

    Raises:
        ValueError: a parameter is out of its range.
    """
    if spec.model is Model.MARKOV:
        return _by_removal(journeys, spec.markov_order)
    if spec.model in _RULES:
        return _by_rule(journeys, _RULES[spec.model](journeys, spec))
    members = membership(journeys)
    channels = len(journeys.channels)
    if spec.model is Model.SHAPLEY:
        return Solver(shapley.simplified_tally(members, channels), (), lambda shared, _: Solved(shared))
    if spec.model is Model.SHAPLEY_ORDERED:
        return _by_rank(members, channels)
    return _by_rate(members, channels)


def _by_rule(journeys: Journeys, weights: Floats) -> Solver:
    some = np.flatnonzero(weights)
    tally = Tally(journeys.touches[some], journeys.owners[some], len(journeys.channels), weights[some])
    return Solver(tally, (), lambda shared, _: Solved(shared))


def _by_removal(journeys: Journeys, order: int) -> Solver:
    chain = markov_chain(journeys, order)

    def solve(ends: Floats, seen: Floats) -> Solved:
        removal = chain.solved(ends, seen)
        return Solved(removal.credits(float(ends.sum())), effects=removal.effects)

    return Solver(chain.ends, chain.seen, solve)


def _by_rank(members: Membership, channels: int) -> Solver:
    def solve(shared: Floats, _: Floats) -> Solved:
        ranked = shared.reshape(channels, -1)
        return Solved(ranked.sum(axis=1), by_rank=ranked)

    return Solver(shapley.ordered_tally(members, channels), (), solve)


def _by_rate(members: Membership, channels: int) -> Solver:
    game = shapley.rate_game(members, channels)

    def solve(converted: Floats, seen: Floats) -> Solved:
        gains = np.maximum(game.values(converted, seen), 0.0)
        total = gains.sum()
        return Solved(gains * (converted.sum() / total if total > 0 else 0.0))

    return Solver(game.tally, (game.tally,), solve)
