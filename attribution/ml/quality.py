"""How good probabilities are, each measure with its 95 % interval.

- Log-loss: the mean of -log p of what happened. 0 is certainty that was right.
- AUC: how often one that converted has the higher probability than one that did not; ties count half.
- Calibration error: over ten bins of equal mass by probability, the mean distance between what was foretold and what
  happened. Source: Naeini, Cooper, Hauskrecht: Obtaining well calibrated probabilities using Bayesian binning (2015);
  equal mass after Nixon et al.: Measuring calibration in deep learning (2019). It is never quite 0: chance alone
  moves each bin, in a replicate more so, and its interval errs to the worse.

Intervals are percentiles over a Poisson bootstrap of rows, as `attribution.bootstrap` has it over people. All measures
that are asked for together share the draws, and the draws depend on the seed and the number of rows alone.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

from attribution.journeys import Floats
from attribution.ml.journey_table import Bools
from schemas.learning import Estimate

REPLICATES = 200
BINS = 10
_TAIL = 2.5
_SMALLEST = 1e-12

Statistic = Callable[[Floats], float]
"""A measure of the rows, given how often each of them counts: [I]."""

K = TypeVar("K")


def estimates(statistics: Mapping[K, Statistic], weights: Floats, seed: int) -> dict[K, Estimate]:
    """Give each measure with its interval; NaN, and no interval, where it is not defined."""
    random = np.random.default_rng(seed)
    drawn: dict[K, list[float]] = {name: [] for name in statistics}
    for _ in range(REPLICATES if len(weights) else 0):
        counted = weights * random.poisson(size=len(weights))
        for name, statistic in statistics.items():
            drawn[name].append(statistic(counted))
    return {name: _estimate(statistic(weights), drawn[name]) for name, statistic in statistics.items()}


def log_loss(converted: Bools, probability: Floats, weights: Floats, seed: int = 0) -> Estimate:
    """Give the mean of -log p of what happened."""
    return estimates({0: mean_of(losses(converted, probability))}, weights, seed)[0]


def auc(converted: Bools, probability: Floats, weights: Floats, seed: int = 0) -> Estimate:
    """Give the area under the ROC curve."""
    return estimates({0: auc_of(converted, probability)}, weights, seed)[0]


def calibration_error(converted: Bools, probability: Floats, weights: Floats, seed: int = 0) -> Estimate:
    """Give the expected calibration error over ten bins of equal mass."""
    return estimates({0: calibration_error_of(converted, probability, weights)}, weights, seed)[0]


def paired_difference(a: Floats, b: Floats, weights: Floats, seed: int = 0) -> Estimate:
    """Give the mean of `a - b`, losses of two models on the same rows: below 0 where `a` is the better one."""
    return estimates({0: mean_of(a - b)}, weights, seed)[0]


def losses(converted: Bools, probability: Floats) -> Floats:
    """Give -log p of what happened, row by row: finite also for a probability of 0."""
    happened = np.where(converted, probability, 1.0 - probability)
    return -np.log(np.maximum(happened, _SMALLEST))


def mean_of(values: Floats) -> Statistic:
    """Make the weighted mean of values."""

    def mean(weights: Floats) -> float:
        total = weights.sum()
        return float(values @ weights / total) if total > 0 else float("nan")

    return mean


def ratio_of(numerator: Floats, denominator: Floats) -> Statistic:
    """Make the ratio of two weighted sums."""

    def ratio(weights: Floats) -> float:
        below = denominator @ weights
        return float(numerator @ weights / below) if below > 0 else float("nan")

    return ratio


def auc_of(converted: Bools, probability: Floats) -> Statistic:
    """Make the AUC: the rank sum of Mann and Whitney, by weights."""
    values, places = np.unique(probability, return_inverse=True)
    hit, size = converted.astype(np.float64), len(values)

    def area(weights: Floats) -> float:
        positive = np.bincount(places, weights * hit, size)
        negative = np.bincount(places, weights, size) - positive
        pairs = positive.sum() * negative.sum()
        below = np.cumsum(negative) - negative / 2.0
        return float(positive @ below / pairs) if pairs > 0 else float("nan")

    return area


def calibration_error_of(converted: Bools, probability: Floats, weights: Floats) -> Statistic:
    """Make the calibration error over bins that are fixed once, by the weights of the rows."""
    order = np.argsort(probability, kind="stable")
    mass = np.cumsum(weights[order])
    bins = np.empty(len(order), np.int64)
    bins[order] = np.minimum((mass - weights[order] / 2.0) / max(mass[-1:].sum(), _SMALLEST) * BINS, BINS - 1)
    excess = converted - probability

    def error(counted: Floats) -> float:
        total = counted.sum()
        return float(np.abs(np.bincount(bins, counted * excess, BINS)).sum() / total) if total > 0 else float("nan")

    return error


def _estimate(value: float, drawn: list[float]) -> Estimate:
    known = [each for each in drawn if np.isfinite(each)]
    if not np.isfinite(value) or not known:
        return Estimate(value=value)
    low, high = np.percentile(known, [_TAIL, 100.0 - _TAIL])
    return Estimate(value=value, low=min(float(low), value), high=max(float(high), value))
