"""Drift: the index by hand, none between halves of one population, and calibration by week."""

from datetime import date

import numpy as np
import pytest

from attribution.ml.conversion import ConversionModel
from attribution.ml.drift import calibration_by_week, drift, profile, psi
from attribution.ml.trained import TrainedModel
from bench.planted_journeys import PlantedJourneys, planted_journeys
from schemas.learning import PSI_MOVED, PSI_SHIFTED


def test_the_index_by_hand() -> None:
    """Shares of one half and one half that became a quarter and three quarters: 0.25 ln 1/2 and 0.25 ln 3/2."""
    assert psi([0.5, 0.5], [0.25, 0.75]) == pytest.approx(-0.25 * np.log(0.5) + 0.25 * np.log(1.5))
    assert psi([5, 5], [10, 10]) == 0
    assert psi([1, 1], [0, 0]) == 0
    assert np.isfinite(psi([1, 0], [0, 1]))
    with pytest.raises(ValueError, match="bins"):
        psi([1], [1, 2])


def test_nothing_moved_between_two_draws(conversion: TrainedModel[ConversionModel]) -> None:
    """Below the bound for every feature but the planted world's shift of ends, which is none here."""
    other = planted_journeys(5_000, seed=99).table
    model = conversion.model
    moved = drift(conversion.feature_profile, model.features(other), model.feature_names, other.weights)
    assert moved.keys() == set(model.feature_names)
    assert max(moved.values()) < PSI_MOVED


def test_another_country_mix_is_seen(journeys: PlantedJourneys, conversion: TrainedModel[ConversionModel]) -> None:
    """With one country left its index is past the bound, and that of what has nothing to do with it is not."""
    table = journeys.table.select(journeys.table.country == 0)
    model = conversion.model
    moved = drift(conversion.feature_profile, model.features(table), model.feature_names, table.weights)
    assert moved["country"] > PSI_SHIFTED
    assert moved["length"] < PSI_MOVED


def test_what_is_not_known_is_a_bin_of_its_own() -> None:
    """A number that is no longer sent has moved, though those that are left have not."""
    before, after = np.arange(1_000.0)[:, None], np.arange(1_000.0)[:, None]
    after[::2] = np.nan
    weights = np.ones(1_000)
    described = profile(before, ["n"], {}, weights)
    assert drift(described, before, ["n"], weights)["n"] == pytest.approx(0, abs=1e-3)
    assert drift(described, after, ["n"], weights)["n"] > PSI_SHIFTED


def test_calibration_by_week() -> None:
    """Weeks begin on Monday, UTC; each has the mean probability and the rate of those that ended in it."""
    sunday, monday = 1_767_571_199.0, 1_767_571_200.0  # 2026-01-04 23:59:59, 2026-01-05
    weeks = calibration_by_week(
        np.array([sunday, monday, monday]),
        np.array([True, True, False]),
        np.array([0.5, 0.2, 0.4]),
        np.array([1.0, 1.0, 3.0]),
    )
    assert [each.week for each in weeks] == [date(2025, 12, 29), date(2026, 1, 5)]
    assert weeks[1].predicted == pytest.approx((0.2 + 3 * 0.4) / 4)
    assert weeks[1].actual == pytest.approx(0.25)
    assert weeks[1].journeys == 4
