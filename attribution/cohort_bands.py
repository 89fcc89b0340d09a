"""What a cohort will have brought by a day: its installs' means added up, with a band of the cohort's own.

Quantiles of installs do not add up: the sum of their upper ends is far above what all of them bring together, because
not all do well at once. Means add up, and so do variances of installs that are independent of each other. But a model
is wrong of all installs of a cohort in the same direction, too, which no number of installs evens out. So with L and V
the sums of the means and the variances of what is still to come, and c the error that installs share, as part of L,

    sd   = sqrt(V + c^2 * L^2)
    band = known + L + reach * sd

which is the variance of a sum with a common factor: Buehlmann, Gisler: A course in credibility theory and its
applications (2005). `c` and the two reaches are fitted to cohorts that the model was not fitted to
(`attribution.ml.cohort_fit`). The reaches are quantiles of (what came - mean) / sd over these cohorts, so that four of
five lie inside whatever the shape of the error: split conformal prediction with a score that is scaled by what was
foretold, Lei et al.: Distribution-free predictive inference for regression (2018).

What is known grows with a cohort's age, and only the rest stays foretold: what came already stands, whether it was
foretold or not, and of the mean and the variance remains the part that was expected after that age. Source: Bornhuetter
and Ferguson: The actuary and IBNR (1972).
"""

from dataclasses import dataclass

BAND_SHARE = 0.8
"""So many cohorts lie inside their bands: from the 10 % to the 90 % quantile."""
INSTALLS_MIN = 50
"""Of fewer installs nothing is said: the bands were fitted to cohorts of 25 to 400."""


@dataclass(frozen=True, slots=True)
class CohortReach:
    """The error of cohorts at one horizon: what their installs share, and how far the band reaches, in sd."""

    common: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CohortSums:
    """Sums over the installs of a cohort that were foretold, in one currency.

    `known` is what has come so far, `later` and `variance` are mean and variance of what is foretold to come after.
    """

    installs: int
    known: float
    later: float
    variance: float

    def plus(self, other: "CohortSums") -> "CohortSums":
        """Put two cohorts together."""
        return CohortSums(
            self.installs + other.installs,
            self.known + other.known,
            self.later + other.later,
            self.variance + other.variance,
        )


@dataclass(frozen=True, slots=True)
class CohortBand:
    """What a cohort brings by a day: its mean, and the ends between which four of five cohorts come to lie."""

    low: float
    mid: float
    high: float


def cohort_band(sums: CohortSums, reach: CohortReach) -> CohortBand:
    """Foretell a cohort's total; no end lies below what has come already."""
    spread: float = (sums.variance + (reach.common * sums.later) ** 2) ** 0.5
    middle = sums.known + sums.later
    return CohortBand(max(sums.known, middle + reach.low * spread), middle, middle + reach.high * spread)


def never_falling(bands: list[CohortBand]) -> list[CohortBand]:
    """Raise each band, from horizon to horizon, to at least the one before it: what has come stays."""
    made: list[CohortBand] = []
    for band in bands:
        before = made[-1] if made else band
        made.append(CohortBand(max(band.low, before.low), max(band.mid, before.mid), max(band.high, before.high)))
    return made
