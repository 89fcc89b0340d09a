"""Bands of cohorts: how many of them hold, on planted installs whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from attribution.cohort_bands import CohortBand, CohortReach, CohortSums, cohort_band, never_falling
from attribution.ml.artifacts import dump, load_as
from attribution.ml.cohort_fit import Known, fit_cohorts
from attribution.ml.pltv import PltvModel
from attribution.ml.pltv_training import train_pltv
from attribution.ml.trained import TrainedModel
from bench.planted_installs import planted_installs
from schemas.learning import HORIZON_DAYS


def test_four_of_five_cohorts_lie_inside_whatever_their_size(pltv: TrainedModel[PltvModel]) -> None:
    """Of installs that the model never saw, at every horizon and for cohorts of 60 to 500: no band is a wide excuse."""
    fresh = planted_installs(20_000, seed=107)
    model, table = pltv.model, fresh.table
    mean, variance = model.moments(table)
    inside, widths = {}, {}
    for size in (60, 150, 500):
        starts = np.arange(0, len(table) - size + 1, size)
        for place, reach in model.reaches.items():
            known, later, spread, brought = (
                np.add.reduceat(column, starts)
                for column in (table.revenue, mean[:, place], variance[:, place], fresh.brought[:, place])
            )
            bands = [
                cohort_band(CohortSums(size, *each), reach)
                for each in zip(known.tolist(), later.tolist(), spread.tolist(), strict=True)
            ]
            held = [band.low <= came <= band.high for band, came in zip(bands, brought, strict=True)]
            inside[size, place] = np.mean(held)
            widths[size, place] = np.mean([(band.high - band.low) / band.mid for band in bands])
    assert set(model.reaches) == set(range(len(HORIZON_DAYS)))
    assert np.mean(list(inside.values())) == pytest.approx(0.8, abs=0.08)
    assert min(inside.values()) > 0.65
    # Errors of installs even out: a cohort of 500 is known better than one of 60, by more than a half.
    assert all(widths[500, place] < 0.55 * widths[60, place] for place in model.reaches)


def test_bands_hold_while_cohorts_grow_older(pltv: TrainedModel[PltvModel]) -> None:
    """Of cohorts of every age before the horizon: what came stands, the rest is open, and less of it with each day."""
    fresh = planted_installs(20_000, seed=207)
    model, place, size = pltv.model, 2, 150
    young = np.flatnonzero((fresh.table.observed_days < HORIZON_DAYS[place]) & (fresh.table.observed_days >= 1))
    table, brought = fresh.table.select(young), fresh.brought[young, place]
    later, variance = (each[:, place] for each in model.moments_to_come(table))
    held, widths = [], []
    for first in range(0, len(table) - size + 1, size):
        rows = slice(first, first + size)
        known = float(table.revenue_to[rows, place].sum())
        sums = CohortSums(size, known, float(later[rows].sum()), float(variance[rows].sum()))
        band = cohort_band(sums, model.reaches[place])
        held.append(band.low <= brought[rows].sum() <= band.high)
        widths.append(band.high - band.low)
    assert np.mean(held) == pytest.approx(0.8, abs=0.15)
    # In the order of time: the oldest cohorts first.
    third = len(widths) // 3
    assert np.mean(widths[:third]) < 0.7 * np.mean(widths[-third:])
    settled = fresh.table.select(fresh.table.observed_days >= HORIZON_DAYS[-1])
    assert not model.moments_to_come(settled).mean.any()


def test_the_share_that_holds_is_a_metric(pltv: TrainedModel[PltvModel]) -> None:
    """Of the latest installs, in all and by horizon, near what the band promises."""
    found = {each.metric: each.estimate.value for each in pltv.metrics if each.metric.startswith("cohort_coverage")}
    assert set(found) == {"cohort_coverage", *(f"cohort_coverage_d{days}" for days in HORIZON_DAYS)}
    assert found["cohort_coverage"] == pytest.approx(0.8, abs=0.12)


def test_the_ends_of_installs_added_up_are_no_band(pltv: TrainedModel[PltvModel]) -> None:
    """Summed upper ends of 500 installs lie further above the mean than the upper end of the cohort."""
    table = planted_installs(500, seed=3).table
    _, mid, high = (each[:, 0].sum() for each in pltv.model.predict(table))
    mean, variance = (float(each[:, 0].sum()) for each in pltv.model.moments(table))
    known = float(table.revenue.sum())
    band = cohort_band(CohortSums(500, known, mean, variance), pltv.model.reaches[0])
    assert band.mid == pytest.approx(mid)
    assert high - mid > 1.3 * (band.high - band.mid)


def test_a_model_that_is_wrong_of_everybody_has_wide_bands() -> None:
    """Where days differ by what no install shows, no size of a cohort makes the band narrow."""
    planted = planted_installs(10_000, seed=5).table
    days = (planted.installed_at // (10 * 86_400)).astype(np.int64)
    luck = np.random.default_rng(0).lognormal(0.0, 0.6, days.max() + 1)[days]
    later = (planted.revenue_to - planted.revenue[:, None]) * luck[:, None]
    shaken = replace(planted, revenue_to=planted.revenue[:, None] + later)
    assert train_pltv(shaken, seed=0).model.reaches[1].common > 0.25


def test_a_band_by_hand() -> None:
    """The common error grows with the sum, the installs' own with its root; what has come is no longer open."""
    reach = CohortReach(common=0.3, low=-1.0, high=2.0)
    sums = CohortSums(installs=100, known=50.0, later=100.0, variance=1600.0)
    assert cohort_band(sums, reach) == CohortBand(100.0, 150.0, 250.0)
    # No end lies below what has come.
    assert cohort_band(replace(sums, variance=1e6), reach).low == 50.0
    both = cohort_band(sums.plus(sums), reach)
    assert both.mid == 300.0
    assert 2**0.5 * 100.0 < both.high - both.mid < 200.0
    assert never_falling([CohortBand(5, 9, 10), CohortBand(4, 8, 12)])[1] == CohortBand(5, 9, 12)


def test_of_few_cohorts_nothing_is_said(pltv: TrainedModel[PltvModel]) -> None:
    """Not of 100 installs, nor by a model from before there were bands: it foretells installs, and no cohorts."""
    few = Known(np.full(100, 0.5), np.ones(100), np.ones(100), np.zeros(100, np.int64), (1.0, 1.0))
    assert fit_cohorts([None, few]) == (None, None)
    assert fit_cohorts([None, None]) == (None, None)
    bare = replace(pltv.model, horizons=tuple(each and replace(each, cohorts=None) for each in pltv.model.horizons))
    read = load_as(PltvModel, dump(bare))
    assert read.reaches == {}
    assert np.isnan(read.moments(planted_installs(10, seed=1).table).mean).all()


def test_an_artifact_keeps_the_bands(pltv: TrainedModel[PltvModel]) -> None:
    """The same reaches after it was written and read."""
    assert load_as(PltvModel, dump(pltv.model)).reaches == pltv.model.reaches
