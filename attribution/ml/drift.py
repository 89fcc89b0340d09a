"""Whether rows still look like those a model was trained on: the population stability index of each feature.

PSI = sum over bins of (actual - expected) * ln(actual / expected), over deciles of the training rows for numbers (with
a bin for none) and over words for categories. Below 0.1 nothing moved; from 0.25 on the model sees another population.
Source of index and bounds: Siddiqi: Credit risk scorecards (2006), after Lewis: An introduction to credit scoring
(1992); it is the sum of both Kullback-Leibler divergences, Jeffreys (1946).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.journeys import Floats, Ints, summed
from attribution.ml.journey_table import Bools
from attribution.ml.vocabulary import shares_of

_SHARE_MIN = 1e-4
"""An empty bin counts as this share: the logarithm of 0 says nothing."""
_DECILES = np.linspace(0.1, 0.9, 9)
_DAY_SECONDS = 86_400.0

Matrix = NDArray[np.float32] | Floats


def psi(expected: Sequence[float] | Floats, actual: Sequence[float] | Floats) -> float:
    """Compare two distributions over the same bins, shares or counts: 0 where they are the same, or one is empty.

    Raises:
        ValueError: they have not the same number of bins.
    """
    before, after = np.asarray(expected, np.float64), np.asarray(actual, np.float64)
    if before.shape != after.shape:
        raise ValueError(f"{len(before)} bins cannot be compared with {len(after)}")
    if not before.sum() > 0 or not after.sum() > 0:
        return 0.0
    before, after = (np.maximum(each / each.sum(), _SHARE_MIN) for each in (before, after))
    return float(((after - before) * np.log(after / before)).sum())


def profile(
    matrix: Matrix, names: Sequence[str], words: Mapping[str, Sequence[str]], weights: Floats
) -> dict[str, dict[str, Any]]:
    """Describe the rows [I, F] that a model was trained on, feature by feature, in what JSON holds.

    `words` names the categories, whose columns are codes of them. A number has `edges`, the distinct deciles, and
    `shares` of the bins they cut (a value on an edge lies above it), the last one of none; a category `words` and
    their `shares`.
    """
    made: dict[str, dict[str, Any]] = {}
    for place, name in enumerate(names):
        column = np.asarray(matrix[:, place], np.float64)
        described: dict[str, Any]
        if name in words:
            described = {"words": list(words[name])}
        else:
            known = column[np.isfinite(column)]
            described = {"edges": np.unique(np.quantile(known, _DECILES)).tolist() if len(known) else []}
        made[name] = {**described, "shares": _shares(column, described, weights).tolist()}
    return made


def drift(
    profile_of_training: Mapping[str, Mapping[str, Any]], matrix: Matrix, names: Sequence[str], weights: Floats
) -> dict[str, float]:
    """Give the PSI of each feature of rows [I, F] that the profile has."""
    return {
        name: psi(described["shares"], _shares(np.asarray(matrix[:, place], np.float64), described, weights))
        for place, name in enumerate(names)
        if (described := profile_of_training.get(name)) is not None
    }


def _shares(column: Floats, described: Mapping[str, Any], weights: Floats) -> Floats:
    if "words" in described:
        return shares_of(column.astype(np.int64), weights, len(described["words"]))
    edges = np.asarray(described["edges"], np.float64)
    bins: Ints = np.where(np.isfinite(column), np.searchsorted(edges, column, side="right"), len(edges) + 1)
    return shares_of(bins, weights, len(edges) + 2)


@dataclass(frozen=True)
class WeekOfCalibration:
    """What was foretold of the journeys that ended in a week (from its Monday, UTC), and what happened."""

    week: date
    journeys: float
    predicted: float
    actual: float


def calibration_by_week(
    ends: Floats, converted: Bools, probability: Floats, weights: Floats
) -> tuple[WeekOfCalibration, ...]:
    """Compare the mean probability with the rate of conversions, by the week of each journey's last touch [J]."""
    # 1970 began on a Thursday: three days later than a week does.
    weeks, places = np.unique((ends // _DAY_SECONDS + 3) // 7, return_inverse=True)
    total, foretold, happened = (
        summed(places, weights * each, len(weeks)) for each in (np.ones_like(ends), probability, converted)
    )
    monday = datetime(1969, 12, 29, tzinfo=UTC).date()
    return tuple(
        WeekOfCalibration(monday + timedelta(weeks=int(week)), float(count), float(p / count), float(a / count))
        for week, count, p, a in zip(weeks, total, foretold, happened, strict=True)
        if count > 0
    )
