"""Predicted lifetime value: what an install will have brought by day 7, 30, 90 and 180, told after its first day.

For each horizon three fits, over the installs that are old enough for it. Whether anything comes after the first day;
how much on average, if anything does (gamma loss on a logarithmic link: a mean, not a median that would have to be bent
into one); and how much at some quantiles. Most installs bring nothing, so both are a mixture with a lump at zero:

    mean  = p * m                                  p: that anything comes, m: its mean if it does
    Q(q)  = 0               where q <= 1 - p       Q+: quantiles of what comes if anything does
            Q+((q - (1 - p)) / p)     otherwise

`mid` is the mean, which is what sums to the total; `low` and `high` are Q(0.1) and Q(0.9), widened to hold the mean,
which lies above Q(0.9) where few pay much. What comes later adds to what the first day brought, so bands never lie
below that, and never fall from one horizon to the next. Source of the mixture: Duan et al.: A comparison of alternative
models for the demand for medical care (1983); of sorted quantiles: Chernozhukov, Fernández-Val, Galichon: Quantile and
probability curves without crossing (2010).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from attribution.cohort_bands import CohortReach
from attribution.journeys import Floats
from attribution.ml.boosted import Boosted
from attribution.ml.cohort_fit import CohortFit
from attribution.ml.install_tables import InstallTable
from attribution.ml.vocabulary import coded, words_of
from schemas.learning import HORIZON_DAYS

LOW, HIGH = 0.1, 0.9
LEVELS = (0.05, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9)
"""Quantiles that are fitted to what comes if anything does: a mixture asks for none above 0.9."""

NUMBERS = ("sessions", "events", "purchases", "revenue", "revenue_per_purchase", "hour", "weekday")
CATEGORIES = ("media_source", "platform", "country")
FEATURES = (*NUMBERS, *CATEGORIES)

_DAY_SECONDS, _HOUR_SECONDS = 86_400.0, 3_600.0
_THURSDAY = 3
_LOG_MAX = 30.0
_SMALLEST = 1e-12


class PltvBands(NamedTuple):
    """Revenue by horizon, each [I, H], in the currency of the installs; NaN for a horizon that no install was old for.

    `mid` is the mean; in four of five cases the revenue should lie from `low` to `high`.
    """

    low: Floats
    mid: Floats
    high: Floats


class PltvMoments(NamedTuple):
    """What comes after the first day, by horizon: mean and variance, each [I, H], NaN where nothing is foretold."""

    mean: Floats
    variance: Floats


@dataclass(frozen=True)
class Horizon:
    """What was fitted to one horizon; `scale` brings the total of later installs to what they brought.

    `cohorts` says how wrong it is of whole cohorts; None where that could not be learned.
    """

    payers: Boosted
    mean: Boosted
    scale: float
    quantiles: tuple[Boosted, ...]
    cohorts: CohortFit | None = None

    def parts(self, matrix: NDArray[np.float32], threads: int) -> tuple[Floats, Floats]:
        """Foretell the probability that anything comes, and how much on average if it does: each [I]."""
        paid = np.exp(np.clip(self.mean.raw(matrix, threads), -_LOG_MAX, _LOG_MAX)) * self.scale
        return expit(self.payers.raw(matrix, threads)), paid

    def bands(self, matrix: NDArray[np.float32], threads: int) -> PltvBands:
        """Foretell what comes after the first day: each [I]."""
        paying, paid = self.parts(matrix, threads)
        mean = paying * paid
        found = np.expm1(np.clip(np.sort([each.raw(matrix, threads) for each in self.quantiles], axis=0), 0, _LOG_MAX))
        low, high = (self._mixed(paying, found, level) for level in (LOW, HIGH))
        return PltvBands(np.minimum(low, mean), mean, np.maximum(high, mean))

    @staticmethod
    def _mixed(paying: Floats, found: Floats, level: float) -> Floats:
        """Read a quantile of the mixture off those of its upper part, [levels, I]."""
        inside = np.clip((level - (1.0 - paying)) / np.maximum(paying, 1e-12), 0.0, LEVELS[-1])
        grid = np.array([0.0, *LEVELS])
        values = np.concatenate([np.zeros((1, len(paying))), found])
        above = np.clip(np.searchsorted(grid, inside, side="left"), 1, len(grid) - 1)
        rows = np.arange(len(paying))
        below, top = values[above - 1, rows], values[above, rows]
        mixed: Floats = below + (top - below) * (inside - grid[above - 1]) / (grid[above] - grid[above - 1])
        return mixed


@dataclass(frozen=True)
class PltvModel:
    """A fitted model: `words` and `rates` of each of `CATEGORIES`, and of each horizon what was fitted, or nothing."""

    words: tuple[tuple[str, ...], ...]
    rates: tuple[Floats, ...]
    horizons: tuple[Horizon | None, ...]

    feature_names = FEATURES

    @cached_property
    def schema_hash(self) -> str:
        """Stand for what the model reads."""
        return hashlib.sha256(json.dumps([FEATURES, self.words]).encode()).hexdigest()[:16]

    def features(self, installs: InstallTable) -> NDArray[np.float32]:
        """Describe each install by its first day alone: [I, F], words as codes."""
        return install_features(installs, self.words)

    def predict(self, installs: InstallTable, threads: int = 1) -> PltvBands:
        """Foretell revenue; `observed_days` and `revenue_to` are not looked at."""
        matrix = with_rates(self.features(installs), self.rates)
        made = PltvBands(*(np.full((len(installs), len(HORIZON_DAYS)), np.nan) for _ in PltvBands._fields))
        for place, horizon in enumerate(self.horizons):
            if horizon is not None:
                for whole, part in zip(made, horizon.bands(matrix, threads), strict=True):
                    whole[:, place] = installs.revenue + part
        trained = np.array([horizon is not None for horizon in self.horizons])
        # Where one horizon foretells less than the one before it, the one before it stands.
        return PltvBands(*(np.where(trained, np.fmax.accumulate(each, axis=1), np.nan) for each in made))

    def moments(self, installs: InstallTable, threads: int = 1) -> PltvMoments:
        """Foretell what comes after the first day as what can be added up over installs.

        A horizon of which nobody knows how wrong it is of cohorts is not foretold.
        """
        matrix = with_rates(self.features(installs), self.rates)
        made = PltvMoments(*(np.full((len(installs), len(HORIZON_DAYS)), np.nan) for _ in PltvMoments._fields))
        for place, horizon in enumerate(self.horizons):
            if horizon is not None and horizon.cohorts is not None:
                paying, paid = horizon.parts(matrix, threads)
                made.mean[:, place] = paying * paid
                made.variance[:, place] = horizon.cohorts.variance(paying, paid)
        return made

    def moments_to_come(self, installs: InstallTable, threads: int = 1) -> PltvMoments:
        """Foretell what comes after each install's present age (`observed_days`); 0 where it is as old as the horizon.

        Of mean and variance remains the part that was expected after that age: how revenue is spread over time is taken
        from the means of all these installs at the horizons, and between two of them from the logarithm of the days.
        """
        moments = self.moments(installs, threads)
        places = list(self.reaches)
        days = np.array([1, *(HORIZON_DAYS[place] for place in places)], np.float64)
        sums = np.maximum.accumulate([0.0, *moments.mean[:, places].sum(axis=0)])
        expected = np.interp(np.log(np.maximum(installs.observed_days, 1.0)), np.log(days), sums)
        remaining = np.full((len(installs), len(HORIZON_DAYS)), np.nan)
        for place, whole in zip(places, sums[1:], strict=True):
            is_open = installs.observed_days < HORIZON_DAYS[place]
            remaining[:, place] = np.where(is_open, 1.0 - np.minimum(expected / max(whole, _SMALLEST), 1.0), 0.0)
        return PltvMoments(moments.mean * remaining, moments.variance * remaining)

    @property
    def reaches(self) -> dict[int, CohortReach]:
        """Give of each horizon of whose cohorts anything can be said, by its place, how far their bands reach."""
        fits = (None if each is None else each.cohorts for each in self.horizons)
        return {place: fit.reach for place, fit in enumerate(fits) if fit is not None}

    def state(self) -> dict[str, Any]:
        """Give the parts for an artifact."""
        return {
            "words": [list(words) for words in self.words],
            "rates": list(self.rates),
            "horizons": [
                None
                if each is None
                else {
                    "payers": each.payers.state(),
                    "mean": each.mean.state(),
                    "scale": each.scale,
                    "quantiles": [quantile.state() for quantile in each.quantiles],
                    "cohorts": None if each.cohorts is None else each.cohorts.state(),
                }
                for each in self.horizons
            ],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "PltvModel":
        """Put the parts together again.

        Raises:
            ValueError: they do not fit each other.
        """
        model = cls(
            words=tuple(words_of(words) for words in state["words"]),
            rates=tuple(np.array(each, np.float64) for each in state["rates"]),
            horizons=tuple(None if each is None else _horizon(each) for each in state["horizons"]),
        )
        sizes = [(len(words),) for words in model.words]
        if [each.shape for each in model.rates] != sizes or len(sizes) != len(CATEGORIES):
            raise ValueError("a model whose words do not fit it")
        if len(model.horizons) != len(HORIZON_DAYS):
            raise ValueError("a model of other horizons")
        return model


def errors_beside(one: PltvModel, other: PltvModel, installs: InstallTable) -> tuple[Floats, Floats]:
    """Give both models' absolute errors, each [I], at the first horizon that both foretell.

    I are the installs that are old enough for it: none, where there is no such horizon.
    """
    both = (place for place, fits in enumerate(zip(one.horizons, other.horizons, strict=True)) if None not in fits)
    place = next(both, None)
    is_matured = installs.observed_days >= (np.inf if place is None else HORIZON_DAYS[place])
    if not is_matured.any():
        return np.empty(0), np.empty(0)
    matured = installs.select(is_matured)
    own, others = (np.abs(model.predict(matured).mid - matured.revenue_to)[:, place] for model in (one, other))
    return own, others


def install_features(installs: InstallTable, words: tuple[tuple[str, ...], ...]) -> NDArray[np.float32]:
    """Describe each install by its first day alone: [I, F], words as codes."""
    per_purchase = np.divide(
        installs.revenue, installs.purchases, out=np.zeros(len(installs)), where=installs.purchases > 0
    )
    codes = (
        coded(installs.source, installs.sources, words[0]),
        coded(installs.platform, installs.platforms, words[1]),
        coded(installs.country, installs.countries, words[2]),
    )
    columns = (
        installs.sessions,
        installs.events,
        installs.purchases,
        installs.revenue,
        per_purchase,
        installs.installed_at // _HOUR_SECONDS % 24,
        (installs.installed_at // _DAY_SECONDS + _THURSDAY) % 7,
        *codes,
    )
    return np.column_stack(columns).astype(np.float32)


def with_rates(matrix: NDArray[np.float32], rates: tuple[Floats, ...]) -> NDArray[np.float32]:
    """Put the numbers that stand for words in the place of their codes."""
    made = matrix.copy()
    for place, numbers in enumerate(rates, len(NUMBERS)):
        made[:, place] = numbers[matrix[:, place].astype(np.int64)]
    return made


def _horizon(state: Mapping[str, Any]) -> Horizon:
    made = Horizon(
        payers=Boosted.from_state(state["payers"]),
        mean=Boosted.from_state(state["mean"]),
        scale=float(state["scale"]),
        quantiles=tuple(map(Boosted.from_state, state["quantiles"])),
        # Artifacts of models that knew nothing of cohorts do not have it.
        cohorts=None if state.get("cohorts") is None else CohortFit.from_state(state["cohorts"]),
    )
    if len(made.quantiles) != len(LEVELS) or {each.features for each in (made.payers, made.mean, *made.quantiles)} != {
        len(FEATURES)
    }:
        raise ValueError("a horizon whose parts do not fit each other")
    return made
