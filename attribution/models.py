"""Every multi-touch model by its name: credit over channels, with an interval, and what the model takes for granted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from attribution import shapley, touch_weights
from attribution.journeys import Floats, Journeys, summed
from attribution.markov import markov_chain
from attribution.model_spec import (
    ASSUMPTIONS,
    CAUSAL_NOTE,
    DATA_DRIVEN,
    REPLICATES_MAX,
    ChannelCredit,
    Model,
    ModelResult,
    ModelSpec,
)

_RULES: dict[Model, Callable[[Journeys, ModelSpec], Floats]] = {
    Model.FIRST: lambda journeys, _: touch_weights.first_touch(journeys),
    Model.LAST: lambda journeys, _: touch_weights.last_touch(journeys),
    Model.LAST_NON_DIRECT: lambda journeys, spec: touch_weights.last_non_direct(journeys, spec.direct_channel),
    Model.LINEAR: lambda journeys, _: touch_weights.linear(journeys),
    Model.TIME_DECAY: lambda journeys, spec: touch_weights.time_decay(journeys, spec.half_life_days),
    Model.POSITION: lambda journeys, _: touch_weights.position_based(journeys),
    Model.W_SHAPED: lambda journeys, _: touch_weights.w_shaped(journeys),
    Model.CUSTOM: lambda journeys, spec: touch_weights.position_based(journeys, *spec.custom_weights),
}


@dataclass(frozen=True)
class _Solved:
    credits: Floats
    effects: Floats | None = None
    by_rank: Floats | None = None
    errors: Floats | None = None


_Solver = Callable[[Floats, Floats], _Solved]
"""From the journeys' weights, (conversions or their value, nulls) [J] each, to credits [C]."""


def credit(journeys: Journeys, spec: ModelSpec, *, by_value: bool = False) -> ModelResult:
    """Share the journeys' conversions out, or with `by_value` what they were worth.

    Intervals are percentiles of a Poisson bootstrap over people: each replicate counts every person as often as a
    Poisson(1) draw says, so a path that n people went has Poisson(n).

    Raises:
        ValueError: a parameter is out of its range.
    """
    _check(spec)
    solve = _solver(journeys, spec)
    shared_out = journeys.values if by_value else journeys.conversions
    solved = solve(shared_out, journeys.nulls)
    replicates = _replicates(journeys, spec, solve, shared_out) if spec.replicates else None
    return ModelResult(spec, _listed(journeys, spec, solved, replicates), _note(spec))


def _check(spec: ModelSpec) -> None:
    if not 0 <= spec.replicates <= REPLICATES_MAX:
        raise ValueError(f"replicates must be 0 to {REPLICATES_MAX}")
    if not 0 < spec.confidence < 1:
        raise ValueError("confidence must lie between 0 and 1")
    if not spec.half_life_days > 0:
        raise ValueError("the half-life must be more than 0 days")
    if min(spec.custom_weights) < 0 or not sum(spec.custom_weights) > 0:
        raise ValueError("custom weights must not be negative, nor all zero")


def _solver(journeys: Journeys, spec: ModelSpec) -> _Solver:
    channels = len(journeys.channels)
    if spec.model is Model.MARKOV:
        chain = markov_chain(journeys, spec.markov_order)

        def by_removal(conversions: Floats, nulls: Floats) -> _Solved:
            removal = chain.removal_effects(conversions, nulls)
            return _Solved(removal.credits(conversions.sum()), effects=removal.effects)

        return by_removal
    if spec.model in _RULES:
        weights = _RULES[spec.model](journeys, spec)
        return lambda conversions, _: _Solved(
            summed(journeys.touches, weights * conversions[journeys.owners], channels)
        )
    members = shapley.membership(journeys)
    if spec.model is Model.SHAPLEY:
        return lambda conversions, _: _Solved(shapley.simplified_values(members, conversions, channels))
    if spec.model is Model.SHAPLEY_ORDERED:

        def by_rank(conversions: Floats, _: Floats) -> _Solved:
            ranked = shapley.ordered_values(members, conversions, channels)
            return _Solved(ranked.sum(axis=1), by_rank=ranked)

        return by_rank

    def by_rate(conversions: Floats, nulls: Floats) -> _Solved:
        played = shapley.rate_values(members, conversions, nulls, channels, seed=spec.seed)
        scale = played.scale(conversions.sum())
        return _Solved(np.maximum(played.values, 0.0) * scale, errors=played.errors * scale)

    return by_rate


def _replicates(journeys: Journeys, spec: ModelSpec, solve: _Solver, shared_out: Floats) -> Floats:
    """Credits of each bootstrap replicate: [replicates, C]."""
    random = np.random.default_rng(spec.seed)
    worth = np.divide(shared_out, journeys.conversions, out=np.zeros_like(shared_out), where=journeys.conversions > 0)

    def replicate() -> Floats:
        conversions = random.poisson(journeys.conversions).astype(np.float64)
        nulls = random.poisson(journeys.nulls).astype(np.float64)
        return solve(conversions * worth, nulls).credits

    return np.array([replicate() for _ in range(spec.replicates)])


def _listed(
    journeys: Journeys, spec: ModelSpec, solved: _Solved, replicates: Floats | None
) -> tuple[ChannelCredit, ...]:
    total = solved.credits.sum()
    tail = 50 * (1 - spec.confidence)
    limits = None if replicates is None else np.percentile(replicates, (tail, 100 - tail), axis=0)
    return tuple(
        ChannelCredit(
            channel=journeys.channels[code],
            credit=float(solved.credits[code]),
            share=float(solved.credits[code] / total) if total else 0.0,
            low=None if limits is None else float(limits[0, code]),
            high=None if limits is None else float(limits[1, code]),
            ties=() if replicates is None else _ties(journeys.channels, replicates, code, tail),
            effect=None if solved.effects is None else float(solved.effects[code]),
            by_rank=() if solved.by_rank is None else tuple(solved.by_rank[code].tolist()),
            sampling_error=0.0 if solved.errors is None else float(solved.errors[code]),
        )
        for code in np.argsort(-solved.credits, kind="stable").tolist()
    )


def _ties(channels: tuple[str, ...], replicates: Floats, code: int, tail: float) -> tuple[str, ...]:
    low, high = np.percentile(replicates - replicates[:, [code]], (tail, 100 - tail), axis=0)
    spans = (low <= 0) & (high >= 0)
    spans[code] = False
    return tuple(channels[other] for other in np.flatnonzero(spans))


def _note(spec: ModelSpec) -> str:
    said = ASSUMPTIONS[spec.model]
    return f"{said} {CAUSAL_NOTE}" if spec.model in DATA_DRIVEN else said
