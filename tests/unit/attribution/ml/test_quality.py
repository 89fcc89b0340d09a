"""Measures of probabilities: worked out by hand, as scikit-learn has them, with intervals that hold the truth."""

import numpy as np
import pytest
from sklearn import metrics

from attribution.ml.calibration import ISOTONIC_OUTCOMES_MIN, Calibration, calibrated
from attribution.ml.quality import auc, calibration_error, log_loss, losses, paired_difference

RANDOM = np.random.default_rng(0)
PROBABILITY = RANDOM.random(2_000).round(2) * 0.98 + 0.01
CONVERTED = RANDOM.random(2_000) < PROBABILITY
WEIGHTS = RANDOM.integers(1, 4, 2_000).astype(np.float64)


def test_measures_are_those_of_scikit_learn() -> None:
    """Log-loss and AUC with weights and ties, inside their intervals."""
    lost, area = log_loss(CONVERTED, PROBABILITY, WEIGHTS), auc(CONVERTED, PROBABILITY, WEIGHTS)
    assert lost.value == pytest.approx(metrics.log_loss(CONVERTED, PROBABILITY, sample_weight=WEIGHTS))
    assert area.value == pytest.approx(metrics.roc_auc_score(CONVERTED, PROBABILITY, sample_weight=WEIGHTS))
    for estimate in (lost, area):
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low < estimate.value < estimate.high


def test_calibration_error_by_hand() -> None:
    """Twenty rows in ten bins: those foretold 0.1 never happen, those foretold 0.8 always do."""
    probability = np.repeat([0.1, 0.8], 10)
    error = calibration_error(probability > 0.5, probability, np.ones(20))
    assert error.value == pytest.approx((0.1 + 0.2) / 2)
    honest = calibration_error(CONVERTED, PROBABILITY, np.ones(2_000))
    assert honest.value < 0.05


def test_a_certain_error_costs_much_but_not_everything() -> None:
    """Log-loss stays finite where what happened was called impossible."""
    assert np.isfinite(losses(np.array([True]), np.array([0.0])))[0]


def test_intervals_cover_the_truth() -> None:
    """In about 19 of 20 draws the interval of a log-loss holds its expectation."""
    random, covered = np.random.default_rng(1), 0
    probability = np.full(400, 0.3)
    truth = -(0.3 * np.log(0.3) + 0.7 * np.log(0.7))
    for seed in range(60):
        found = log_loss(random.random(400) < 0.3, probability, np.ones(400), seed)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert covered >= 51


def test_a_paired_difference_is_sharper_than_two_intervals() -> None:
    """A small but steady difference is told from 0, though both losses' intervals overlap."""
    good, worse = losses(CONVERTED, PROBABILITY), losses(CONVERTED, PROBABILITY * 0.8 + 0.1)
    difference = paired_difference(good, worse, WEIGHTS)
    assert difference.high is not None
    assert difference.high < 0
    assert difference == paired_difference(good, worse, WEIGHTS)
    assert paired_difference(good, good, WEIGHTS).value == 0


def test_no_measure_of_one_outcome() -> None:
    """AUC is not defined where all converted; it then has no interval."""
    nothing = auc(np.ones(5, bool), np.full(5, 0.5), np.ones(5))
    assert np.isnan(nothing.value)
    assert nothing.low is None


@pytest.mark.parametrize("rows", [600, 8 * ISOTONIC_OUTCOMES_MIN], ids=["logistic", "isotonic"])
def test_calibration_mends_what_is_too_sure(rows: int) -> None:
    """Log-odds that are twice too great are brought back, by a curve that rises and never says never."""
    random = np.random.default_rng(2)
    true_logit = random.normal(-1.0, 1.2, rows)
    truth = 1 / (1 + np.exp(-true_logit))
    curve = calibrated(2 * true_logit + 1, random.random(rows) < truth, np.ones(rows))
    assert np.abs(curve.probability(2 * true_logit + 1) - truth).mean() < 0.05
    assert (np.diff(curve.probability(np.linspace(-99, 99, 500))) >= 0).all()
    ends = curve.probability(np.array([-1e9, 1e9]))
    assert 0 < ends[0] < ends[1] < 1
    again = Calibration.from_state(curve.state())
    assert again.probability(true_logit).tobytes() == curve.probability(true_logit).tobytes()


def test_a_falling_curve_is_refused() -> None:
    """ValueError for what is no calibration."""
    with pytest.raises(ValueError, match="rising"):
        Calibration.from_state({"logits": np.array([0.0, 1.0]), "probabilities": np.array([0.5, 0.4])})
