"""A Poisson bootstrap over people: each replicate counts every person as often as a Poisson(1) draw says.

A path that n people went is drawn once, as Poisson(n). All models that are asked for share the draws, so that their
intervals tell of the same replicates; and the draws depend on seed and journeys alone, so that a model's interval is
the same whatever is asked for beside it.

Source: Hanley and MacGibbon: Creating non-parametric bootstrap samples using Poisson frequencies (2006).
"""

from collections.abc import Iterator, Sequence

import numpy as np

from attribution.journeys import Floats, Journeys
from attribution.tallies import Tally, stacked

_BLOCK_WEIGHTS = 4_000_000
"""Weights that are drawn and multiplied at once: 32 MB, whatever the number of journeys."""

_BLOCK_REPLICATES_MAX = 32


def replicate_sums(
    journeys: Journeys, shared_out: Floats, tallies: Sequence[tuple[Tally, Sequence[Tally]]], replicates: int, seed: int
) -> Iterator[tuple[tuple[Floats, Floats], ...]]:
    """Draw replicates; for each give every model's pair of sums: of what is shared out, and of all who were seen.

    `shared_out` [J] is what conversions count for: their number or their value.
    """
    of_conversions, of_nulls = map(np.random.default_rng, np.random.SeedSequence(seed).spawn(2))
    worth = np.divide(shared_out, journeys.conversions, out=np.zeros_like(shared_out), where=journeys.conversions > 0)
    size = len(journeys.lengths)
    sharing, shared_bounds = stacked([[converting] for converting, _ in tallies], size)
    seeing, seen_bounds = stacked([seen for _, seen in tallies], size)
    block = max(1, min(_BLOCK_REPLICATES_MAX, _BLOCK_WEIGHTS // max(size, 1)))
    for first in range(0, replicates, block):
        count = min(block, replicates - first)
        weights = _drawn(of_conversions, journeys.conversions, count) * worth[:, None]
        shared = (sharing @ weights).T
        if seeing.shape[0]:
            weights += _drawn(of_nulls, journeys.nulls, count)
        seen = (seeing @ weights).T
        for index in range(count):
            yield tuple(
                zip(np.split(shared[index], shared_bounds[1:-1]), np.split(seen[index], seen_bounds[1:-1]), strict=True)
            )


def _drawn(random: np.random.Generator, counts: Floats, replicates: int) -> Floats:
    """Draw how often each path counts: [J, replicates]. Replicate by replicate, whatever is drawn at once."""
    some = np.flatnonzero(counts)
    drawn = np.zeros((len(counts), replicates))
    for replicate in range(replicates):
        drawn[some, replicate] = random.poisson(counts[some])
    return drawn
