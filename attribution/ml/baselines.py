"""What a conversion model is measured against, fitted to the same rows: the last touch's rate, and a logistic one."""

import warnings

import numpy as np
from scipy.sparse import csr_array
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from attribution.journeys import Floats, summed
from attribution.ml.features import CATEGORIES, OF_CHANNELS, OF_JOURNEYS, Features, features
from attribution.ml.journey_table import JourneyTable
from attribution.ml.vocabulary import Vocabulary, coded

_ROWS_MAX = 200_000
"""More rows do not move a hundred coefficients, but take minutes."""

_ITERATIONS_MAX = 200
_RECENCY_DAYS = 7.0


def last_touch(train: JourneyTable, vocabulary: Vocabulary, other: JourneyTable) -> Floats:
    """Foretell by the last touch's channel alone: its rate in `train`, drawn to the rate of all by one journey."""
    words, size = vocabulary.channels, len(vocabulary.channels)
    codes = coded(train.touches[train.starts[1:] - 1], train.channels, words)
    overall = float(np.average(train.converted, weights=train.weights))
    converted = summed(codes, train.weights * train.converted, size)
    rates = (converted + overall) / (summed(codes, train.weights, size) + 1.0)
    return rates[coded(other.touches[other.starts[1:] - 1], other.channels, words)]


def logistic(train: JourneyTable, vocabulary: Vocabulary, other: JourneyTable, seed: int) -> Floats:
    """Foretell by a logistic regression on the same features, of at most 200,000 rows of `train`."""
    if len(train) > _ROWS_MAX:
        train = train.select(np.sort(np.random.default_rng(seed).choice(len(train), _ROWS_MAX, replace=False)))
    fitted = LogisticRegression(max_iter=_ITERATIONS_MAX)
    with warnings.catch_warnings():
        # A baseline that is nearly at its optimum serves as well.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted.fit(_linear(features(train, vocabulary), vocabulary), train.converted, sample_weight=train.weights)
    probability: Floats = fitted.predict_proba(_linear(features(other, vocabulary), vocabulary))[:, 1]
    return probability


def _linear(matrix: Features, vocabulary: Vocabulary) -> csr_array:
    """Bend features so that sums of them make sense: logarithms, fading recency, a column for each word."""
    size = len(vocabulary.channels)
    recency, counts = matrix[:, :size], matrix[:, size : len(OF_CHANNELS) * size]
    others = matrix[:, len(OF_CHANNELS) * size :][:, : len(OF_JOURNEYS)]
    columns = [np.nan_to_num(np.exp(-recency / _RECENCY_DAYS)), np.log1p(counts), np.log1p(np.nan_to_num(others))]
    sizes = (size, size, len(vocabulary.platforms), len(vocabulary.countries))
    for codes, words in zip(matrix[:, -len(CATEGORIES) :].T, sizes, strict=True):
        columns.append((codes[:, None] == np.arange(words)).astype(np.float32))
    return csr_array(np.hstack(columns))
