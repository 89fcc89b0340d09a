"""How good foretold revenue is, on installs later than those it was learned from.

- `total_ratio`: all that was foretold over all that came. What a budget is planned by: a model that ranks installs well
  and is a fifth too high is a fifth too high.
- `pinball_low`, `pinball_high`: the mean pinball loss of the band's ends; the less the better.
  Source: Koenker and Bassett: Regression quantiles (1978).
- `coverage`: the share of installs whose revenue lies inside the band. At least 0.8; more where many bring nothing,
  because an end that lies at zero covers all of those.

- `cohort_coverage`: the share of cohorts, cut from the installs as in `attribution.ml.cohort_fit`, whose total lies in
  the cohort's band; should be near 0.8. Of the model alone, and without an interval: cohorts share installs.

Each over all horizons, and with `_d7`, `_d30` … by horizon; of `model`, and of `mean_by_source`, which foretells of an
install the mean and the quantiles of its source's installs before it. Replicates draw installs, with all horizons.

Of a tenant's model also of `global`, the model that serves the tenant otherwise, at the horizons that it foretells, and

- `pinball_difference`: the pinball loss of both ends together, of the model less that of the global one, on these.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from attribution.cohort_bands import CohortReach, CohortSums, cohort_band
from attribution.journeys import Floats, Ints
from attribution.ml.cohort_fit import cohorts_of, size_weights
from attribution.ml.install_tables import InstallTable
from attribution.ml.pltv import HIGH, LOW, PltvBands, PltvModel, PltvMoments
from attribution.ml.quality import Statistic, estimates
from attribution.ml.trained import HOLDOUT, THE_MODEL
from schemas.learning import HORIZON_DAYS, Estimate, MetricValue

BASELINE, GLOBAL = "mean_by_source", "global"


class Told(NamedTuple):
    """A horizon by its place, the installs it is measured on, and those that the baseline learns from."""

    place: int
    holdout: Ints
    train: Ints


class _Cells(NamedTuple):
    """Installs with what was foretold and what came, a row for each: `rows` are places among those that are drawn."""

    rows: Ints
    bands: PltvBands
    actual: Floats


def pltv_metrics(
    model: PltvModel, installs: InstallTable, told: Sequence[Told], seed: int, threads: int, base: PltvModel | None
) -> tuple[MetricValue, ...]:
    """Measure a model and the baseline, and `base`, the global model, where there is one."""
    drawn = np.unique(np.concatenate([each.holdout for each in told]))
    sample = installs.select(drawn)

    def foretold(by: PltvModel, places: Sequence[Told]) -> list[_Cells]:
        bands = by.predict(sample, threads)
        return [
            _cells(installs, drawn, each, PltvBands(*(band[_rows(drawn, each), each.place] for band in bands)))
            for each in places
        ]

    own = foretold(model, told)
    asked = _asked(THE_MODEL, told, own)
    asked |= _asked(BASELINE, told, [_cells(installs, drawn, each, _by_source(installs, each)) for each in told])
    shared = [place for place, each in enumerate(told) if base is not None and base.horizons[each.place] is not None]
    if base is not None and shared:
        of_both = [told[place] for place in shared]
        theirs = foretold(base, of_both)
        asked |= _asked(GLOBAL, of_both, theirs)
        mine, other = _joined([own[place] for place in shared]), _joined(theirs)
        asked["pinball_difference", GLOBAL] = _mean(mine, _of_both_ends(mine) - _of_both_ends(other))
    measured = tuple(
        MetricValue(metric=metric, subject=subject, split=HOLDOUT, estimate=estimate)
        for (metric, subject), estimate in estimates(asked, np.ones(len(drawn)), seed).items()
        if np.isfinite(estimate.value)
    )
    return measured + _of_cohorts(model, installs, told, drawn, threads)


def _asked(subject: str, told: Sequence[Told], by_horizon: Sequence[_Cells]) -> dict[tuple[str, str], Statistic]:
    """List the measures of a subject, over all horizons and by each."""
    asked: dict[tuple[str, str], Statistic] = {}
    names = ["", *(f"_d{HORIZON_DAYS[each.place]}" for each in told)]
    for name, some in zip(names, [_joined(by_horizon), *by_horizon], strict=True):
        asked[f"total_ratio{name}", subject] = _ratio(some)
        asked[f"pinball_low{name}", subject] = _mean(some, _pinball(some.actual, some.bands.low, LOW))
        asked[f"pinball_high{name}", subject] = _mean(some, _pinball(some.actual, some.bands.high, HIGH))
        inside = (some.actual >= some.bands.low) & (some.actual <= some.bands.high)
        asked[f"coverage{name}", subject] = _mean(some, inside.astype(np.float64))
    return asked


def _rows(drawn: Ints, told: Told) -> Ints:
    """Find a horizon's installs among those that are drawn."""
    return np.searchsorted(drawn, told.holdout)


def _cells(installs: InstallTable, drawn: Ints, told: Told, bands: PltvBands) -> _Cells:
    return _Cells(_rows(drawn, told), bands, installs.revenue_to[told.holdout, told.place])


def _of_both_ends(cells: _Cells) -> Floats:
    """Give the loss of each band: that of its lower end and that of its upper one."""
    return _pinball(cells.actual, cells.bands.low, LOW) + _pinball(cells.actual, cells.bands.high, HIGH)


def _of_cohorts(
    model: PltvModel, installs: InstallTable, told: Sequence[Told], drawn: Ints, threads: int
) -> tuple[MetricValue, ...]:
    """Measure the bands of cohorts at each horizon that has them, and at all of them; `drawn` are all that are told."""
    moments = model.moments(installs.select(drawn), threads)
    shares: dict[str, float] = {}
    for each in told:
        if each.place in model.reaches:
            rows = np.searchsorted(drawn, each.holdout)
            mine = PltvMoments(*(column[rows, each.place] for column in moments))
            reach = model.reaches[each.place]
            share = _cohorts_inside(installs.select(each.holdout), each.place, mine, reach)
            if share is not None:
                shares[f"_d{HORIZON_DAYS[each.place]}"] = share
    if shares:
        shares[""] = float(np.mean(list(shares.values())))
    return tuple(
        MetricValue(metric=f"cohort_coverage{name}", subject=THE_MODEL, split=HOLDOUT, estimate=Estimate(value=share))
        for name, share in sorted(shares.items())
    )


def _cohorts_inside(holdout: InstallTable, place: int, moments: PltvMoments, reach: CohortReach) -> float | None:
    """Give the share of the cohorts of some installs [I] that lie inside their bands, those of each size alike.

    `moments` are those of the installs at one horizon: each [I].
    """
    inside, sizes = [], []
    for rows, size in cohorts_of(holdout.source):
        known = float(holdout.revenue[rows].sum())
        later, variance = (float(each[rows].sum()) for each in moments)
        band = cohort_band(CohortSums(size, known, later, variance), reach)
        inside.append(band.low <= holdout.revenue_to[rows, place].sum() <= band.high)
        sizes.append(size)
    return float(np.average(inside, weights=size_weights(sizes))) if sizes else None


def _joined(cells: Sequence[_Cells]) -> _Cells:
    bands = PltvBands(*(np.concatenate(each) for each in zip(*(each.bands for each in cells), strict=True)))
    return _Cells(np.concatenate([each.rows for each in cells]), bands, np.concatenate([each.actual for each in cells]))


def _by_source(installs: InstallTable, told: Told) -> PltvBands:
    """Foretell the mean and the quantiles of the source, or of all where a source is new."""
    known, before = installs.source[told.train], installs.revenue_to[told.train, told.place]
    size = len(installs.sources) + 1
    # -1, not known, is the last one.
    made = np.tile([np.quantile(before, LOW), before.mean(), np.quantile(before, HIGH)], (size, 1))
    for code in np.unique(known):
        of_source = before[known == code]
        made[code] = np.quantile(of_source, LOW), of_source.mean(), np.quantile(of_source, HIGH)
    low, mid, high = made[installs.source[told.holdout]].T
    return PltvBands(low, mid, high)


def _pinball(actual: Floats, quantile: Floats, level: float) -> Floats:
    """Give the loss of each row: `level` times what came above a quantile, 1 - `level` times what came below."""
    above = actual - quantile
    return np.maximum(level * above, (level - 1.0) * above)


def _mean(cells: _Cells, values: Floats) -> Statistic:
    def mean(weights: Floats) -> float:
        counted = weights[cells.rows]
        total = counted.sum()
        return float(values @ counted / total) if total > 0 else float("nan")

    return mean


def _ratio(cells: _Cells) -> Statistic:
    def ratio(weights: Floats) -> float:
        counted = weights[cells.rows]
        came = cells.actual @ counted
        return float(cells.bands.mid @ counted / came) if came > 0 else float("nan")

    return ratio
