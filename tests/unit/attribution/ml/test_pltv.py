"""pLTV: totals, bands and their order on planted installs."""

from dataclasses import replace

import numpy as np
import pytest

from attribution.ml.pltv import Horizon, PltvModel, errors_beside
from attribution.ml.pltv_training import train_pltv
from attribution.ml.trained import TooFewRowsError, TrainedModel
from bench.planted_installs import PlantedInstalls, planted_installs
from schemas.learning import HORIZON_DAYS, Estimate


def metric(trained: TrainedModel[PltvModel], name: str, subject: str = "model") -> Estimate:
    return next(each.estimate for each in trained.metrics if (each.metric, each.subject) == (name, subject))


def test_the_total_is_right_for_installs_that_are_still_young(
    installs: PlantedInstalls, pltv: TrainedModel[PltvModel]
) -> None:
    """Foretold revenue of installs of the last 60 days is near what they will bring, in all and at each horizon."""
    young = installs.table.observed_days < 60
    foretold = pltv.model.predict(installs.table.select(young)).mid.sum(axis=0)
    brought = installs.brought[young].sum(axis=0)
    assert foretold.sum() / brought.sum() == pytest.approx(1.0, abs=0.15)
    assert foretold / brought == pytest.approx(1.0, abs=0.25)
    assert metric(pltv, "total_ratio").value == pytest.approx(1.0, abs=0.15)


def test_the_bands_hold_what_they_promise(pltv: TrainedModel[PltvModel]) -> None:
    """Four of five installs lie inside, and both ends lose less than those of the source's own history."""
    for horizon in ("", *(f"_d{days}" for days in HORIZON_DAYS)):
        assert metric(pltv, f"coverage{horizon}").value >= 0.8
    for end in ("pinball_low", "pinball_high"):
        assert metric(pltv, end).value < metric(pltv, end, "mean_by_source").value


def test_a_global_model_is_measured_on_the_same_installs(pltv: TrainedModel[PltvModel]) -> None:
    """One of people who pay three times as much loses beyond doubt; the model itself neither wins nor loses."""
    own = planted_installs(3_000, seed=5).table
    dearer = replace(own, revenue=own.revenue * 3, revenue_to=own.revenue_to * 3)
    other = train_pltv(dearer, seed=0).model
    beside = metric(train_pltv(own, seed=0, base=other), "pinball_difference", "global")
    assert beside.value < 0
    assert beside.high is not None
    assert beside.high < 0
    trained = train_pltv(own, seed=0)
    again = train_pltv(own, seed=0, base=trained.model)
    assert metric(again, "pinball_difference", "global") == Estimate(value=0.0, low=0.0, high=0.0)
    assert metric(again, "pinball_high", "global") == metric(again, "pinball_high")
    assert {each.subject for each in pltv.metrics} == {"model", "mean_by_source"}


def test_bands_are_in_order(installs: PlantedInstalls, pltv: TrainedModel[PltvModel]) -> None:
    """Low, mean, high; never falling from one horizon to the next, and never below what the first day brought."""
    low, mid, high = pltv.model.predict(installs.table)
    assert ((low <= mid) & (mid <= high)).all()
    for each in (low, mid, high):
        assert (np.diff(each, axis=1) >= 0).all()
        assert (each >= installs.table.revenue[:, None]).all()


def test_people_who_paid_on_their_first_day_are_worth_more(
    installs: PlantedInstalls, pltv: TrainedModel[PltvModel]
) -> None:
    """What is foretold ranks installs: the upper half of foretold values brings most of the later revenue."""
    mid = pltv.model.predict(installs.table).mid[:, -1] - installs.table.revenue
    later = installs.brought[:, -1] - installs.table.revenue
    assert later[mid > np.median(mid)].sum() > 0.75 * later.sum()


def test_models_are_compared_at_a_horizon_that_both_have(
    installs: PlantedInstalls, pltv: TrainedModel[PltvModel]
) -> None:
    """The first one, of installs that are old enough; without one there is nothing to compare."""
    table, whole = installs.table, pltv.model
    later = replace(whole, horizons=(None, None, *whole.horizons[2:]))
    own, others = errors_beside(whole, later, table)
    matured = table.select(table.observed_days >= HORIZON_DAYS[2])
    assert len(own) == len(matured) < len(table)
    assert np.isfinite([own, others]).all()
    assert own == pytest.approx(np.abs(whole.predict(matured).mid - matured.revenue_to)[:, 2])
    none = replace(whole, horizons=(*whole.horizons[:2], None, None))
    assert [len(each) for each in errors_beside(none, later, table)] == [0, 0]


def test_quantiles_of_a_mixture_by_hand() -> None:
    """With three quarters at zero the 0.1 quantile is 0; the 0.9 quantile is the 0.6 quantile of what comes."""
    found = np.array([[1.0], [2.0], [6.0], [10.0], [14.0], [16.0], [18.0]])  # 20 q, but for the first
    assert Horizon._mixed(np.array([0.25]), found, 0.1)[0] == 0
    assert Horizon._mixed(np.array([0.25]), found, 0.9)[0] == pytest.approx(12.0)
    assert Horizon._mixed(np.array([1.0]), found, 0.9)[0] == pytest.approx(18.0)


def test_younger_installs_teach_nothing() -> None:
    """Nonsense in the revenue of installs too young for a horizon changes no prediction: to the last byte the same."""
    whole = planted_installs(8_000, seed=2).table
    table = whole.select(whole.observed_days < 100)
    young = table.observed_days[:, None] < np.array(HORIZON_DAYS)
    poisoned = replace(table, revenue_to=np.where(young, 1e9, table.revenue_to))
    first, second = (train_pltv(each, seed=7).model.predict(table) for each in (table, poisoned))
    assert first.high.tobytes() == second.high.tobytes()
    assert first.mid.tobytes() == second.mid.tobytes()


def test_a_horizon_that_nobody_is_old_enough_for_is_not_foretold() -> None:
    """NaN for it, in order for the others; TooFewRowsError where that is so of all."""
    table = planted_installs(9_000, seed=1).table
    young = table.select(table.observed_days < 85)
    mid = train_pltv(young, seed=0).model.predict(young).mid
    assert np.isfinite(mid[:, :2]).all()
    assert np.isnan(mid[:, 2:]).all()
    with pytest.raises(TooFewRowsError):
        train_pltv(table.select(table.observed_days < 7), seed=0)


def test_installs_that_all_bring_something() -> None:
    """Where advertisements pay for every install, the low end is above 0, and four of five lie inside the band."""
    planted = planted_installs(4_000, seed=4).table
    shown = np.random.default_rng(0).gamma(2.0, 0.05, 4_000)[:, None] * np.log1p(HORIZON_DAYS)
    table = replace(planted, revenue_to=planted.revenue[:, None] + shown)
    trained = train_pltv(table.select(planted.observed_days >= 200), seed=0)
    low = trained.model.predict(table).low - table.revenue[:, None]
    assert (low > 0).all()
    assert 0.7 < metric(trained, "coverage_d30").value < 0.9
    assert metric(trained, "total_ratio").value == pytest.approx(1.0, abs=0.1)
