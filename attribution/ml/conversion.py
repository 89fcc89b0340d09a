"""Whether a journey leads to a conversion, as a calibrated probability, and what each touch adds to it.

Gradient-boosted trees on the features of `attribution.ml.features`, several members that see different columns, whose
log-odds are averaged; then calibrated on later rows. A tenant's model may be fine-tuned from the global one: that
one's log-odds are a feature, which its own trees correct. Source: Friedman: Greedy function approximation (2001);
scikit-learn's histogram trees follow Ke et al.: LightGBM (2017).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from attribution.journeys import Floats
from attribution.ml.boosted import Boosted
from attribution.ml.calibration import Calibration
from attribution.ml.features import CATEGORIES, Features, feature_names, features
from attribution.ml.journey_table import JourneyTable
from attribution.ml.removal import removal_credits
from attribution.ml.vocabulary import Vocabulary

_ROWS_AT_ONCE = 131_072
"""Rows foretold at once: their features take 100 MB or so."""


@dataclass(frozen=True)
class ConversionModel:
    """A fitted model; `rates` has for each of `CATEGORIES` the number that stands for each of its words.

    `base` is the global model from which this one was fine-tuned.
    """

    vocabulary: Vocabulary
    rates: tuple[Floats, ...]
    trees: Boosted
    calibration: Calibration
    base: "ConversionModel | None" = None

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """What the model reads, in the order of `features`."""
        return feature_names(self.vocabulary)

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """Name the words of each feature that is a category."""
        return dict(zip(CATEGORIES, category_words(self.vocabulary), strict=True))

    @cached_property
    def schema_hash(self) -> str:
        """Stand for what the model reads: models with the same hash have the same features of the same words."""
        names = [self.feature_names, self.vocabulary.state(), self.base is not None]
        return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:16]

    def features(self, table: JourneyTable) -> Features:
        """Describe each journey: [J, F], in the order of `feature_names`."""
        return features(table, self.vocabulary)

    def logits(self, table: JourneyTable, threads: int = 1) -> Floats:
        """Give the log-odds before calibration: [J]."""
        made = np.empty(len(table))
        for first in range(0, len(table), _ROWS_AT_ONCE):
            rows = np.arange(first, min(first + _ROWS_AT_ONCE, len(table)))
            part = table.select(rows) if len(rows) < len(table) else table
            made[rows] = self.trees.raw(inputs(part, self.vocabulary, self.rates, self.base, threads), threads)
        return made

    def probability(self, table: JourneyTable, threads: int = 1) -> Floats:
        """Give the probability that each journey leads to a conversion: [J]."""
        return self.calibration.probability(self.logits(table, threads))

    def credits(self, table: JourneyTable, threads: int = 1) -> Floats:
        """Share each journey's credit out by what each touch adds: [T], at least 0, summing to 1 in each journey.

        Uniform where no removal lowers the probability.
        """
        return removal_credits(table, lambda journeys: self.probability(journeys, threads))

    def state(self) -> dict[str, Any]:
        """Give the parts for an artifact."""
        return {
            "vocabulary": self.vocabulary.state(),
            "rates": list(self.rates),
            "trees": self.trees.state(),
            "calibration": self.calibration.state(),
            "base": None if self.base is None else self.base.state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "ConversionModel":
        """Put the parts together again.

        Raises:
            ValueError: they do not fit each other.
        """
        base = None if state["base"] is None else cls.from_state(state["base"])
        model = cls(
            vocabulary=Vocabulary.from_state(state["vocabulary"]),
            rates=tuple(np.array(each, np.float64) for each in state["rates"]),
            trees=Boosted.from_state(state["trees"]),
            calibration=Calibration.from_state(state["calibration"]),
            base=base,
        )
        sizes = [(len(words),) for words in category_words(model.vocabulary)]
        expected = len(model.feature_names) + (base is not None)
        if [each.shape for each in model.rates] != sizes or model.trees.features != expected:
            raise ValueError("a model whose parts do not fit each other")
        return model


def inputs(
    table: JourneyTable,
    vocabulary: Vocabulary,
    rates: tuple[Floats, ...],
    base: ConversionModel | None,
    threads: int,
) -> Features:
    """Give what the trees read: the features, numbers for words, and last the global model's log-odds if it has one."""
    matrix = features(table, vocabulary)
    for place, numbers in enumerate(rates, matrix.shape[1] - len(CATEGORIES)):
        matrix[:, place] = numbers[matrix[:, place].astype(np.int64)]
    return matrix if base is None else np.column_stack([matrix, base.logits(table, threads).astype(np.float32)])


def category_words(vocabulary: Vocabulary) -> tuple[tuple[str, ...], ...]:
    """Give the words of each of `CATEGORIES`."""
    return vocabulary.channels, vocabulary.channels, vocabulary.platforms, vocabulary.countries
