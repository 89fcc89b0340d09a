"""Conversion models find what was planted, and what they say of themselves is so."""

from dataclasses import replace

import numpy as np
import pytest

from attribution.ml.conversion import ConversionModel
from attribution.ml.conversion_training import train_conversion
from attribution.ml.trained import TooFewRowsError, TrainedModel
from bench.planted_journeys import HARMLESS, PlantedJourneys, last_touch_credit, planted_journeys, shares
from schemas.learning import Estimate

STATED_ERROR = 0.06
"""Of a channel's share of the conversions, at twenty thousand journeys."""


def metric(trained: TrainedModel[ConversionModel], name: str, subject: str = "model") -> Estimate:
    for each in trained.metrics:
        if (each.metric, each.subject, each.split) == (name, subject, "holdout"):
            return each.estimate
    raise AssertionError(f"no {name} of {subject}")


def test_planted_effects_are_recovered(journeys: PlantedJourneys, conversion: TrainedModel[ConversionModel]) -> None:
    """Each channel's share is within the stated error and in the true order, where last touch is far off."""
    converting = journeys.table.select(journeys.table.converted)
    found = shares(converting, conversion.model.credits(converting))
    by_last = shares(converting, last_touch_credit(converting))
    assert found == pytest.approx(journeys.shares, abs=STATED_ERROR)
    helping = sorted(journeys.shares.keys() - set(HARMLESS), key=journeys.shares.__getitem__)
    assert sorted(helping, key=found.__getitem__) == helping
    assert max(found[channel] for channel in HARMLESS) < min(found[channel] for channel in helping)
    assert max(by_last, key=by_last.__getitem__) == "retargeting"
    assert by_last["retargeting"] - journeys.shares["retargeting"] > 10 * STATED_ERROR


def test_an_interaction_is_recovered(journeys: PlantedJourneys, conversion: TrainedModel[ConversionModel]) -> None:
    """Video gets more of the credit on iOS, where it helps more, than on Android."""
    table = journeys.table
    of_video = {}
    for platform in ("ios", "android"):
        chosen = table.select(table.converted & (table.platform == table.platforms.index(platform)))
        of_video[platform] = shares(chosen, conversion.model.credits(chosen))["video"]
    assert of_video["ios"] > 1.5 * of_video["android"]


def test_probabilities_are_nearly_the_true_ones(conversion: TrainedModel[ConversionModel]) -> None:
    """Mean error below 0.06 on journeys of another draw, and calibration error below 0.03 on the holdout."""
    other = planted_journeys(5_000, seed=1)
    assert np.abs(conversion.model.probability(other.table) - other.probability).mean() < 0.06
    assert metric(conversion, "calibration_error").value < 0.03


def test_last_touch_is_beaten_and_said_to_be(conversion: TrainedModel[ConversionModel]) -> None:
    """The interval of the difference to last touch lies below 0; both losses differ by its value."""
    difference = metric(conversion, "log_loss_difference", "last_touch")
    assert difference.high is not None
    assert difference.high < 0
    mine, theirs = metric(conversion, "log_loss"), metric(conversion, "log_loss", "last_touch")
    assert difference.value == pytest.approx(mine.value - theirs.value)
    assert metric(conversion, "auc").value > metric(conversion, "auc", "last_touch").value + 0.1
    assert metric(conversion, "log_loss_difference", "logistic").value < 0.01


def test_trainings_by_one_seed_agree_to_the_last_byte(journeys: PlantedJourneys) -> None:
    """The same journeys and seed give the same predictions, credits and metrics; another seed others."""
    table = journeys.table.select(np.arange(2_000))
    first, again, other = (train_conversion(table, seed=seed) for seed in (1, 1, 2))
    assert again.model.probability(table).tobytes() == first.model.probability(table).tobytes()
    assert again.model.credits(table).tobytes() == first.model.credits(table).tobytes()
    assert again.metrics == first.metrics
    assert other.model.probability(table).tobytes() != first.model.probability(table).tobytes()


def test_the_holdout_is_the_latest_and_never_learned_from(journeys: PlantedJourneys) -> None:
    """Turning the outcomes of the latest fifth around changes no prediction, and makes the metrics bad."""
    table = journeys.table.select(np.arange(2_000))
    turned = table.select(np.arange(2_000))
    turned.converted[1_600:] = ~turned.converted[1_600:]
    honest, fooled = train_conversion(table, seed=0), train_conversion(turned, seed=0)
    assert honest.model.probability(table).tobytes() == fooled.model.probability(table).tobytes()
    assert metric(fooled, "auc").value < 0.5 < metric(honest, "auc").value


def test_fine_tuning_starts_from_the_global_model(conversion: TrainedModel[ConversionModel]) -> None:
    """With few journeys of its own a tuned model beats one from nothing, and is measured against the global one."""
    own = planted_journeys(2_000, seed=3).table
    alone, tuned = train_conversion(own, seed=0), train_conversion(own, seed=0, base=conversion.model)
    assert metric(tuned, "log_loss").value < metric(alone, "log_loss").value
    assert tuned.schema_hash != alone.schema_hash
    assert metric(tuned, "log_loss", "global").value > 0
    with pytest.raises(ValueError, match="global"):
        train_conversion(own, seed=0, base=tuned.model)


def test_words_that_a_model_never_saw(conversion: TrainedModel[ConversionModel], journeys: PlantedJourneys) -> None:
    """A probability is given for channels, platforms and countries that are new, and for those that are not known."""
    table = journeys.table.select(np.arange(50))
    strange = replace(
        table,
        channels=tuple(f"new {name}" for name in table.channels),
        platform=np.full(len(table), -1),
        countries=tuple("wxyz"),
    )
    probability = conversion.model.probability(strange)
    assert ((probability > 0) & (probability < 1)).all()


def test_too_little_to_learn_from(journeys: PlantedJourneys) -> None:
    """TooFewRowsError where there is no journey, or none of one outcome."""
    with pytest.raises(TooFewRowsError):
        train_conversion(journeys.table.select(np.zeros(0, np.int64)), seed=0)
    with pytest.raises(TooFewRowsError, match="both"):
        train_conversion(journeys.table.select(~journeys.table.converted), seed=0)
