"""How wrong a pLTV model is of whole cohorts: fitted on installs that it has not learned from, measured on later ones.

The variance of what one install brings after its first day, p and m as in `attribution.ml.pltv`, is that of a mixture
with a lump at zero:

    variance = p * d * m^2 + p * (1 - p) * m^2        d: mean of ((y - m) / m)^2 over those who bring anything

the first part because payers differ (d is their dispersion), the second because it is open who pays (law of total
variance; the variance of a gamma regression, d * m^2, and Pearson's estimate of d: McCullagh, Nelder: Generalized
linear models, 1989). How it becomes the band of a cohort says `attribution.cohort_bands`.

Cohorts to learn from are made of the installs: those of each source, and of all of them, cut in the order of time into
pieces of 25, 100 and 400. The error that installs share is what the squared errors of these cohorts have beyond the sum
of their variances, by the method of moments. A model's level is brought to that of the same later installs; so each
half of them is foretold by the level of the other half here, as what comes is foretold by the level of what was before.
The dispersion is a horizon's own; what installs share, and the reaches, are those of all horizons together, because few
cohorts tell little.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from attribution.cohort_bands import BAND_SHARE, CohortReach
from attribution.journeys import Floats, Ints

SIZES = (25, 100, 400)
COHORTS_MIN = 20
PAYERS_MIN = 20
"""Of fewer cohorts, or people who brought anything, the error of a cohort is not known."""


@dataclass(frozen=True)
class CohortFit:
    """The spread of payers, and what cohorts' bands are made of."""

    dispersion: float
    reach: CohortReach

    def variance(self, paying: Floats, mean: Floats) -> Floats:
        """Give the variance of what each install brings: [I]. `mean` is that of those who bring anything."""
        return variance_of(paying, mean, self.dispersion)

    def state(self) -> dict[str, float]:
        """Give the numbers for an artifact."""
        return {
            "dispersion": self.dispersion,
            "common": self.reach.common,
            "low": self.reach.low,
            "high": self.reach.high,
        }

    @classmethod
    def from_state(cls, state: dict[str, float]) -> "CohortFit":
        """Read them again."""
        return cls(float(state["dispersion"]), CohortReach(*(float(state[name]) for name in ("common", "low", "high"))))


def variance_of(paying: Floats, mean: Floats, dispersion: float) -> Floats:
    """Give the variance of a mixture with a lump at zero: [I]."""
    made: Floats = paying * mean**2 * (dispersion + 1.0 - paying)
    return made


@dataclass(frozen=True)
class Known:
    """Installs [I] in the order of time that a horizon's model has not learned from, with what was foretold and came.

    `mean` is what those who bring anything bring, before the level; `levels` are those of the first and the second half
    of the installs, `later` what each brought after its first day.
    """

    paying: Floats
    mean: Floats
    later: Floats
    source: Ints
    levels: tuple[float, float]

    @property
    def levelled(self) -> Floats:
        """Give `mean` of each half by the level of the other."""
        halves = np.arange(len(self.later)) < len(self.later) // 2
        made: Floats = self.mean * np.where(halves, self.levels[1], self.levels[0])
        return made

    def dispersion(self) -> float | None:
        """Give the spread of those who brought anything; None where they are too few."""
        paid = self.later > 0
        if paid.sum() < PAYERS_MIN:
            return None
        return float(np.mean((self.later[paid] / self.levelled[paid] - 1.0) ** 2))


def fit_cohorts(known: Sequence[Known | None]) -> tuple[CohortFit | None, ...]:
    """Fit to the installs of each horizon; None where too few of them, or of those who brought anything, are known."""
    dispersions = [None if each is None else each.dispersion() for each in known]
    pairs = zip(known, dispersions, strict=True)
    errors = [_cohort_errors(of, spread) for of, spread in pairs if of is not None and spread is not None]
    cohorts = [each for each in errors if each.sizes]
    if sum(len(each.sizes) for each in cohorts) < COHORTS_MIN:
        return tuple(None for _ in known)
    excess = [((each.error**2).sum() - each.variance.sum()) / (each.foretold**2).sum() for each in cohorts]
    common = float(np.sqrt(max(np.mean(excess), 0.0)))
    scores = np.concatenate([each.error / np.sqrt(each.variance + (common * each.foretold) ** 2) for each in cohorts])
    weights = size_weights([size for each in cohorts for size in each.sizes])
    # One more cohort than there are: the one that is to come.
    level = min((1.0 + BAND_SHARE) / 2.0 * (1.0 + 1.0 / len(scores)), 1.0)
    low, high = (
        float(np.quantile(scores, each, weights=weights, method="inverted_cdf")) for each in (1.0 - level, level)
    )
    reach = CohortReach(common, min(low, 0.0), max(high, 0.0))
    return tuple(None if spread is None else CohortFit(spread, reach) for spread in dispersions)


@dataclass(frozen=True)
class _Errors:
    """Cohorts [C] of one horizon: what was foretold, its variance, and what came beyond it."""

    sizes: list[int]
    foretold: Floats
    variance: Floats
    error: Floats


def _cohort_errors(known: Known, dispersion: float) -> _Errors:
    cohorts = list(cohorts_of(known.source))
    foretold = known.paying * known.levelled
    variance = variance_of(known.paying, known.levelled, dispersion)
    columns = (foretold, variance, known.later - foretold)
    sums = (np.array([column[rows].sum() for rows, _ in cohorts]) for column in columns)
    return _Errors([size for _, size in cohorts], *sums)


def cohorts_of(source: Ints) -> Iterator[tuple[Ints, int]]:
    """Cut installs [I], which are in the order of time, into cohorts: places of each, and its size."""
    groups = [np.arange(len(source)), *(np.flatnonzero(source == each) for each in np.unique(source))]
    # What is of one source is the same cohort as all.
    for group in groups[: 1 if len(groups) <= 2 else None]:  # noqa: PLR2004 - all, and one
        for size in SIZES:
            for piece in range(len(group) // size):
                yield group[piece * size : (piece + 1) * size], size


def size_weights(sizes: list[int]) -> Floats:
    """Weigh cohorts so that those of each size count alike."""
    counted = {size: sizes.count(size) for size in set(sizes)}
    return np.array([1.0 / counted[size] for size in sizes])
