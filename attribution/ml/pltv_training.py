"""Training of pLTV models: of each horizon on the installs that are old enough for it, and measured on the latest."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from attribution.journeys import Floats, Ints, summed
from attribution.ml.boosted import Boosted
from attribution.ml.cohort_fit import Known, fit_cohorts
from attribution.ml.drift import profile
from attribution.ml.install_tables import InstallTable
from attribution.ml.journey_table import Bools
from attribution.ml.pltv import CATEGORIES, FEATURES, LEVELS, NUMBERS, Horizon, PltvModel, install_features, with_rates
from attribution.ml.pltv_metrics import Told, pltv_metrics
from attribution.ml.splits import TimeSplit, time_split
from attribution.ml.threads import at_most
from attribution.ml.trained import TooFewRowsError, TrainedModel
from attribution.ml.vocabulary import COUNTRIES_MAX, PLATFORMS_MAX, commonest
from schemas.learning import HORIZON_DAYS

ROWS_MIN, PAYERS_MIN = 500, 50
"""Fewer installs that are old enough, or that brought anything, tell nothing of a horizon."""
SOURCES_MAX = 30

_TREES_MAX = 100
_LEAVES_MAX = 8
_LEAF_ROWS_MIN = 40
_PRIOR_INSTALLS = 50.0
_PRIOR_PAYERS = 50.0
_PROFILED_ROWS_MAX = 200_000


def train_pltv(
    installs: InstallTable,
    *,
    seed: int,
    holdout_share: float = 0.2,
    threads: int = 1,
    base: PltvModel | None = None,
) -> TrainedModel[PltvModel]:
    """Fit each horizon to the earliest installs, bring its total to that of later ones, and measure it on the latest.

    The metrics are those of `attribution.ml.pltv_metrics`. A horizon of which too few installs are known is left out.
    `threads` bounds the cores. `base`, the global model, is measured on the same installs; nothing is learned from it.

    Raises:
        TooFewRowsError: no horizon can be trained.
    """
    splits = [_split(installs, place, holdout_share) for place in range(len(HORIZON_DAYS))]
    first = next((place for place, split in enumerate(splits) if split is not None), None)
    if first is None:
        raise TooFewRowsError(
            f"{len(installs)} installs tell of no horizon: {ROWS_MIN} old enough, {PAYERS_MIN} payers"
        )
    of_first = splits[first]
    assert of_first is not None
    everyone = np.ones(len(installs))
    words = (
        commonest(installs.sources, installs.source[of_first.fit], everyone[of_first.fit], SOURCES_MAX),
        commonest(installs.platforms, installs.platform[of_first.fit], everyone[of_first.fit], PLATFORMS_MAX),
        commonest(installs.countries, installs.country[of_first.fit], everyone[of_first.fit], COUNTRIES_MAX),
    )
    codes = install_features(installs, words)
    rates = _rates(codes[of_first.fit], _later(installs, first)[of_first.fit] > 0, words)
    matrix = with_rates(codes, rates)
    with at_most(threads):
        fitted = [
            (None, None) if split is None else _fitted(matrix, installs, place, split, seed, threads)
            for place, split in enumerate(splits)
        ]
        cohorts = fit_cohorts([known for _, known in fitted])
        horizons = (
            None if horizon is None else replace(horizon, cohorts=fit)
            for (horizon, _), fit in zip(fitted, cohorts, strict=True)
        )
        model = PltvModel(words, rates, tuple(horizons))
        told = [Told(place, split.holdout, split.train) for place, split in enumerate(splits) if split is not None]
        metrics = pltv_metrics(model, installs, told, seed, threads, base)
    sample = of_first.fit[:_PROFILED_ROWS_MAX]
    return TrainedModel(
        model=model,
        metrics=metrics,
        schema_hash=model.schema_hash,
        rows=len(installs),
        feature_profile=profile(codes[sample], FEATURES, dict(zip(CATEGORIES, words, strict=True)), everyone[sample]),
    )


def _later(installs: InstallTable, place: int) -> Floats:
    """Give what came after the first day, to a horizon: [I]. A refund of the first day counts as nothing."""
    return np.maximum(installs.revenue_to[:, place] - installs.revenue, 0.0)


def _split(installs: InstallTable, place: int, holdout_share: float) -> TimeSplit | None:
    """Cut the installs that are old enough for a horizon; None where they are too few."""
    old = np.flatnonzero(installs.observed_days >= HORIZON_DAYS[place])
    if len(old) < ROWS_MIN:
        return None
    split = TimeSplit(*(old[part] for part in time_split(installs.installed_at[old], holdout_share)))
    return split if (_later(installs, place)[split.fit] > 0).sum() >= PAYERS_MIN else None


def _fitted(
    matrix: NDArray[np.float32], installs: InstallTable, place: int, split: TimeSplit, seed: int, threads: int
) -> tuple[Horizon, Known]:
    """Fit a horizon; give also what it foretold of installs that it has not learned from."""
    later = _later(installs, place)
    rows, outcome = matrix[split.fit], later[split.fit]
    shape = {
        "max_leaf_nodes": _LEAVES_MAX,
        "min_samples_leaf": _LEAF_ROWS_MIN,
        "learning_rate": 0.08,
        "l2_regularization": 1.0,
        "max_iter": _TREES_MAX,
        "early_stopping": True,
        "random_state": seed,
    }
    # Where advertisements pay, nearly every install brings something, and nothing tells which does not.
    if (outcome <= 0).sum() < PAYERS_MIN:
        payers = Boosted.constant(float(logit(((outcome > 0).sum() + 1) / (len(outcome) + 2))), len(FEATURES))
    else:
        payers = Boosted.of(HistGradientBoostingClassifier(**shape).fit(rows, outcome > 0))
    paying_rows, paid = rows[outcome > 0], outcome[outcome > 0]
    means = HistGradientBoostingRegressor(loss="gamma", **shape).fit(paying_rows, paid)
    quantiles = [
        HistGradientBoostingRegressor(loss="quantile", quantile=level, **shape).fit(paying_rows, np.log1p(paid))
        for level in LEVELS
    ]
    raw = Horizon(payers, Boosted.of(means), 1.0, tuple(map(Boosted.of, quantiles)))
    paying, mean = raw.parts(matrix[split.calibration], threads)
    brought = later[split.calibration]
    # As if so many more payers had brought just what was foretold: a few of them move the total little.
    prior = _PRIOR_PAYERS * float(paid.mean())

    def level(rows: slice) -> float:
        return float((brought[rows].sum() + prior) / ((paying[rows] * mean[rows]).sum() + prior))

    middle = len(brought) // 2
    halves = level(slice(None, middle)), level(slice(middle, None))
    known = Known(paying, mean, brought, installs.source[split.calibration], halves)
    return replace(raw, scale=level(slice(None))), known


def _rates(codes: NDArray[np.float32], brings: Bools, words: tuple[tuple[str, ...], ...]) -> tuple[Floats, ...]:
    """Give for each word of each category how many installs bring something, drawn to the rate of all."""
    overall = float(brings.mean())
    made = []
    for place, known in enumerate(words, len(NUMBERS)):
        column: Ints = codes[:, place].astype(np.int64)
        paying = summed(column, brings.astype(np.float64), len(known))
        seen = summed(column, np.ones(len(column)), len(known))
        made.append((paying + _PRIOR_INSTALLS * overall) / (seen + _PRIOR_INSTALLS))
    return tuple(made)
