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


def nothing() -> Tally:
    """No sums at all: of a model that does not ask who did not convert."""
    none = np.zeros(0, np.int64)
    return Tally(none, none, 0)


def stacked(tallies: Sequence[Tally], journeys: int) -> tuple[sparse.csr_array, Ints]:
    """Put tallies on top of each other: one matrix [sum of sizes, J], and where each begins and the last ends."""
    bounds = np.concatenate(([0], np.cumsum([tally.size for tally in tallies])))
    return sparse.vstack([tally.matrix(journeys) for tally in tallies], format="csr"), bounds
