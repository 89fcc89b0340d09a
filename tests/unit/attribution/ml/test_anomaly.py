"""Anomaly scores: bought installs stand out, genuine ones are suspected as seldom as promised."""

from dataclasses import replace

import numpy as np
import pytest

from attribution.ml.anomaly import FALSE_POSITIVE_SHARE, AnomalyModel
from attribution.ml.anomaly_training import train_anomaly
from attribution.ml.trained import TooFewRowsError, TrainedModel
from bench.planted_installs import planted_facts


def test_bought_installs_are_suspect_and_others_are_not(anomaly: TrainedModel[AnomalyModel]) -> None:
    """Of another draw nine of ten bought installs lie above the threshold, and about one percent of the others."""
    facts = planted_facts(8_000, seed=1, bought_share=0.02)
    suspect = anomaly.model.suspect(facts)
    assert suspect[facts.flagged].mean() > 0.9
    assert suspect[~facts.flagged].mean() < 0.02


def test_the_threshold_is_that_of_the_history(anomaly: TrainedModel[AnomalyModel]) -> None:
    """At most one percent of the installs that it was set by are above it; rules and score agree where both speak."""
    found = {(each.metric, each.split): each.estimate.value for each in anomaly.metrics}
    assert 0.005 < found["suspect_share", "train"] <= FALSE_POSITIVE_SHARE
    assert found["suspect_share", "holdout"] < 0.02
    assert found["auc", "holdout"] > 0.95


def test_scores_are_the_same_for_the_same_seed(anomaly: TrainedModel[AnomalyModel]) -> None:
    """Another training by the seed gives the same scores to the last byte, and what rules said is no feature."""
    facts = planted_facts(8_000, 7, bought_share=0.005)
    again = train_anomaly(facts, seed=7)
    assert again.model.score(facts).tobytes() == anomaly.model.score(facts).tobytes()
    turned = replace(facts, flagged=~facts.flagged)
    assert anomaly.model.score(turned).tobytes() == anomaly.model.score(facts).tobytes()


def test_what_is_not_known_speaks_for_nothing(anomaly: TrainedModel[AnomalyModel]) -> None:
    """An install of which nothing is known but what is usual is not suspect."""
    few = planted_facts(10, seed=2, bought_share=0.0)
    nothing = np.full(10, np.nan)
    unknown = replace(few, ctit_seconds=nothing, new_device_share=nothing, distance_km=nothing, address_devices=nothing)
    assert np.isfinite(anomaly.model.score(unknown)).all()
    assert not anomaly.model.suspect(unknown).any()


def test_too_few_installs() -> None:
    """TooFewRowsError where one percent of them is no number to set a threshold by."""
    with pytest.raises(TooFewRowsError):
        train_anomaly(planted_facts(300, seed=0, bought_share=0.0), seed=0)
