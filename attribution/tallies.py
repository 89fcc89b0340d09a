"""Sums over journeys that are linear in their weights: all that a multi-touch model has to know of the journeys.

A credit is a function of a few such sums: what is shared out by last channel, how many went from one channel to the
next, how many had this set of channels. So a bootstrap need not walk through the touches for each replicate: the sums
of many replicates are one product of a sparse matrix and the replicates' weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from attribution.journeys import Floats, Ints, summed


@dataclass(frozen=True)
class Tally:
    """`size` sums: entry i adds `shares[i]` (1 if None) times the weight of journey `owners[i]` to sum `codes[i]`."""

    codes: Ints
    owners: Ints
    size: int
    shares: Floats | None = None

    def of(self, weights: Floats) -> Floats:
        """Add up for one weight of each journey, [J]: [size]."""
        spread = weights[self.owners]
        return summed(self.codes, spread if self.shares is None else spread * self.shares, self.size)

    def matrix(self, journeys: int) -> sparse.csr_array:
        """Write the sums as a matrix [size, J], to be multiplied with weights [J, R]."""
        shares = np.ones(len(self.codes)) if self.shares is None else self.shares
        # Half the memory, and time, of the usual indices.
        places = self.codes.astype(np.int32), self.owners.astype(np.int32)
        return sparse.csr_array((shares, places), shape=(self.size, journeys))


def sums_of(tallies: Sequence[Tally], weights: Floats) -> Floats:
    """Add up by several tallies, one after the other: [sum of sizes]."""
    return np.concatenate([np.zeros(0), *(tally.of(weights) for tally in tallies)])


def stacked(groups: Sequence[Sequence[Tally]], journeys: int) -> tuple[sparse.csr_array, Ints]:
    """Put groups of tallies on top of each other: one matrix, and where each group begins and the last one ends."""
    bounds = np.concatenate(([0], np.cumsum([sum(tally.size for tally in tallies) for tallies in groups])))
    nothing = sparse.csr_array((0, journeys))
    matrices = [tally.matrix(journeys) for tallies in groups for tally in tallies]
    return sparse.vstack([nothing, *matrices], format="csr"), bounds
