"""Training of conversion models: what is fitted to which journeys, and what it is measured against."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from attribution.journeys import Floats, summed
from attribution.ml.baselines import last_touch, logistic
from attribution.ml.boosted import Boosted
from attribution.ml.calibration import calibrated
from attribution.ml.conversion import ConversionModel, category_words, inputs
from attribution.ml.conversion_metrics import conversion_metrics
from attribution.ml.drift import profile
from attribution.ml.features import CATEGORIES, features
from attribution.ml.journey_table import JourneyTable
from attribution.ml.splits import time_split
from attribution.ml.threads import at_most
from attribution.ml.trained import HOLDOUT, THE_MODEL, TRAIN, TooFewRowsError, TrainedModel
from attribution.ml.vocabulary import Vocabulary

MEMBERS = 3
_LEARNING_RATE = 0.1
_TREES_MAX = 200
_LEAVES_MAX = 8
_LEAF_ROWS_MIN = 40
_COLUMNS_SHARE = 0.3

_PRIOR_JOURNEYS = 20.0
"""Of a word with so many journeys, half of its rate is its own."""

_PROFILED_ROWS_MAX = 200_000


def train_conversion(
    table: JourneyTable,
    *,
    seed: int,
    base: ConversionModel | None = None,
    holdout_share: float = 0.2,
    threads: int = 1,
) -> TrainedModel[ConversionModel]:
    """Fit a model to the earliest journeys, calibrate it on later ones, and measure it on the latest.

    The metrics are `log_loss`, `auc` and `calibration_error` of `model`, of the baselines `last_touch` and `logistic`
    and, if there is a `base`, of it as `global`, on the same holdout; and for each of these `log_loss_difference`: the
    model's less the baseline's, below 0 where the model is the better one. `threads` bounds the cores.

    Raises:
        TooFewRowsError: the fit, the calibration or the holdout has conversions or null journeys alone.
        ValueError: `base` was itself fine-tuned.
    """
    if base is not None and base.base is not None:
        raise ValueError("a model is fine-tuned from a global one, not from a fine-tuned one")
    split = time_split(table.ends, holdout_share)
    fit, calibration, holdout = (table.select(part) for part in split)
    for part in (fit, calibration, holdout):
        if part.converted.all() or not part.converted.any():
            raise TooFewRowsError(f"{len(part)} journeys with {part.converted.sum()} conversions: both are needed")
    with at_most(threads):
        model = _fitted(fit, calibration, seed, base, threads)
        train = table.select(split.train)
        foretold = {
            THE_MODEL: model.probability(holdout, threads),
            "last_touch": last_touch(train, model.vocabulary, holdout),
            "logistic": logistic(train, model.vocabulary, holdout, seed),
        }
        if base is not None:
            foretold["global"] = base.probability(holdout, threads)
        sample = fit.select(np.linspace(0, len(fit) - 1, min(len(fit), _PROFILED_ROWS_MAX)).astype(np.int64))
        metrics = (
            *conversion_metrics(holdout, foretold, HOLDOUT, seed),
            *conversion_metrics(sample, {THE_MODEL: model.probability(sample, threads)}, TRAIN, seed),
        )
    return TrainedModel(
        model=model,
        metrics=metrics,
        schema_hash=model.schema_hash,
        rows=len(table),
        feature_profile=profile(model.features(sample), model.feature_names, model.words, sample.weights),
    )


def _fitted(
    fit: JourneyTable, calibration: JourneyTable, seed: int, base: ConversionModel | None, threads: int
) -> ConversionModel:
    vocabulary = Vocabulary.of(fit)
    rates = _rates(fit, vocabulary)
    matrix = inputs(fit, vocabulary, rates, base, threads)
    # A column that nobody has a number in is one that no tree can split on; scikit-learn fails on it.
    matrix[:, np.isnan(matrix).all(axis=0)] = 0.0
    # Equal weights are none, which is faster.
    weights = None if (fit.weights == fit.weights[0]).all() else fit.weights
    members = [
        HistGradientBoostingClassifier(
            learning_rate=_LEARNING_RATE,
            max_iter=_TREES_MAX,
            max_leaf_nodes=_LEAVES_MAX,
            min_samples_leaf=_LEAF_ROWS_MIN,
            max_features=_COLUMNS_SHARE,
            l2_regularization=1.0,
            early_stopping=True,
            random_state=seed + member,
        ).fit(matrix, fit.converted, sample_weight=weights)
        for member in range(MEMBERS)
    ]
    trees = Boosted.of(*members)
    raw = trees.raw(inputs(calibration, vocabulary, rates, base, threads), threads)
    return ConversionModel(vocabulary, rates, trees, calibrated(raw, calibration.converted, calibration.weights), base)


def _rates(table: JourneyTable, vocabulary: Vocabulary) -> tuple[Floats, ...]:
    """Give for each word of each category how many of its journeys convert, drawn to the rate of all.

    In that order a single cut of a tree parts the words in the best way that any does.
    Source: Fisher: On grouping for maximum homogeneity (1958).
    """
    overall = float(np.average(table.converted, weights=table.weights))
    made = []
    columns = features(table, vocabulary)[:, -len(CATEGORIES) :].T.astype(np.int64)
    for codes, words in zip(columns, category_words(vocabulary), strict=True):
        converted = summed(codes, table.weights * table.converted, len(words))
        seen = summed(codes, table.weights, len(words))
        made.append((converted + _PRIOR_JOURNEYS * overall) / (seen + _PRIOR_JOURNEYS))
    return tuple(made)
