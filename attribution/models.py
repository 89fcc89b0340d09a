"""Every multi-touch model by its name: credit over channels, with an interval, and what the model takes for granted."""

from collections.abc import Sequence

import numpy as np

from attribution.bootstrap import replicate_sums
from attribution.journeys import Floats, Journeys
from attribution.model_spec import (
    ASSUMPTIONS,
    CAUSAL_NOTE,
    DATA_DRIVEN,
    REPLICATES_MAX,
    ChannelCredit,
    ModelResult,
    ModelSpec,
)
from attribution.solvers import Solved, Solver, solver


def credit(journeys: Journeys, spec: ModelSpec, *, by_value: bool = False) -> ModelResult:
    """Share the journeys' conversions out, or with `by_value` what they were worth.

    Intervals are percentiles of a Poisson bootstrap over people; see `attribution/bootstrap.py`.

    Raises:
        ValueError: a parameter is out of its range.
    """
    return credit_all(journeys, [spec], by_value=by_value)[0]


def credit_all(journeys: Journeys, specs: Sequence[ModelSpec], *, by_value: bool = False) -> list[ModelResult]:
    """Do the same by several models, sharing the draws of the bootstrap.

    Raises:
        ValueError: a parameter is out of its range.
    """
    for spec in specs:
        _check(spec)
    if not len(journeys.lengths):
        return [ModelResult(spec, (), _note(spec)) for spec in specs]
    shared_out = journeys.values if by_value else journeys.conversions
    solvers = [solver(journeys, spec) for spec in specs]
    replicates: dict[int, Floats] = {}
    for draws in {(spec.replicates, spec.seed) for spec in specs if spec.replicates}:
        places = [place for place, spec in enumerate(specs) if (spec.replicates, spec.seed) == draws]
        found = _replicates(journeys, shared_out, [solvers[place] for place in places], *draws)
        replicates |= dict(zip(places, found, strict=True))
    return [
        ModelResult(
            spec,
            _listed(journeys, spec, solvers[place].credits(shared_out, journeys.nulls), replicates.get(place)),
            _note(spec),
        )
        for place, spec in enumerate(specs)
    ]


def _check(spec: ModelSpec) -> None:
    if not 0 <= spec.replicates <= REPLICATES_MAX:
        raise ValueError(f"replicates must be 0 to {REPLICATES_MAX}")
    if not 0 < spec.confidence < 1:
        raise ValueError("confidence must lie between 0 and 1")
    if not spec.half_life_days > 0:
        raise ValueError("the half-life must be more than 0 days")
    if min(spec.custom_weights) < 0 or not sum(spec.custom_weights) > 0:
        raise ValueError("custom weights must not be negative, nor all zero")


def _replicates(
    journeys: Journeys, shared_out: Floats, solvers: Sequence[Solver], replicates: int, seed: int
) -> list[Floats]:
    """Credits of each bootstrap replicate by each solver: [replicates, C] each."""
    tallies = [(each.converting, each.seen) for each in solvers]
    credits_of: list[list[Floats]] = [[] for _ in solvers]
    for sums in replicate_sums(journeys, shared_out, tallies, replicates, seed):
        for each, (converting, seen), found in zip(solvers, sums, credits_of, strict=True):
            found.append(each.solve(converting, seen).credits)
    return [np.array(found) for found in credits_of]


def _listed(
    journeys: Journeys, spec: ModelSpec, solved: Solved, replicates: Floats | None
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
