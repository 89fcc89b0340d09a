"""Predicted lifetime value beside what cohorts have paid: which model foretells it, and the band of each cohort."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from attribution.cohort_bands import (
    BAND_SHARE,
    INSTALLS_MIN,
    CohortBand,
    CohortReach,
    CohortSums,
    cohort_band,
    never_falling,
)
from attribution.money import shown
from schemas.ids import TenantId
from schemas.learning import HORIZON_DAYS, ForetoldHorizon, ForetoldState
from serve_apps.money_rates import rates_between
from serve_apps.report_answers import Pltv, PltvHorizon, PltvState
from serve_apps.report_cohorts import Cohort, is_over
from storage.clickhouse.report_reader import AgeWindow
from storage.postgres.connect import CONNECTION_LOST, Database
from storage.postgres.learning_jobs import LearningJobs, ValuesRecord
from storage.postgres.tenant_settings import TenantSettings

_READY = (
    "Of five cohorts four are expected to bring between low and high by then; pltv is the mean. Foretold from each "
    "install's first day, of revenue in {currency}; the band is the cohort's own, and not its installs' added up."
)
_WORDS = {
    PltvState.NO_CHAMPION: "No pLTV model is champion, so nothing is foretold.",
    PltvState.PENDING: "The model has not foretold these installs yet: it does at the next export to the lake.",
    PltvState.NO_INSTALLS: "No install is a day old yet, from which on it is foretold.",
    PltvState.NO_COHORTS: "The model was trained on too few installs to say how wrong it is of whole cohorts.",
    PltvState.OTHER_CURRENCY: "The model foretells revenue in another currency than most of the tenant's revenue is.",
    PltvState.UNREADABLE: "The model's artifact cannot be read.",
    PltvState.NO_RATE: "There is no rate from the model's currency to the report's.",
    PltvState.UNAVAILABLE: "Which model foretells cannot be read at present.",
}


@dataclass(frozen=True, slots=True)
class Foretold:
    """What a report says of the model, the snapshot to add up (0: none), its horizons, and what one unit is worth."""

    pltv: Pltv
    snapshot: int = 0
    horizons: tuple[ForetoldHorizon, ...] = ()
    rate: Decimal = Decimal(1)


async def read_foretold(jobs: LearningJobs, tenant_id: TenantId, tenant: Database) -> Foretold:
    """Find out which model foretells a tenant's installs, and whether it has."""
    try:
        record = await jobs.values(tenant_id)
    except CONNECTION_LOST:
        return _without(PltvState.UNAVAILABLE, None)
    if record is None:
        return _without(PltvState.NO_CHAMPION, None)
    told = record.foretold
    if told is None or told.state is not ForetoldState.READY:
        return _without(PltvState.PENDING if told is None else PltvState(told.state), record)
    assert told.newest_day is not None, "there are days where there are installs"
    rate = await _rate(tenant, told.currency, told.newest_day)
    if rate is None:
        return _without(PltvState.NO_RATE, record)
    return Foretold(_pltv(PltvState.READY, record), told.snapshot, told.horizons, rate)


def pltv_columns(cohorts: Iterable[Cohort], foretold: Foretold, today: date) -> dict[str, Any]:
    """Write down of one cohort, or several as one, what it is foretold to bring by each horizon that lies ahead.

    `pltv_N` by install, with the ends of the cohort's band, N times 24 hours after the install; null where that time is
    over for everybody, and of fewer than `INSTALLS_MIN` installs that were foretold.
    """
    listed = list(cohorts)
    document: dict[str, Any] = {"pltv_installs": sum(each.foretold[0].installs for each in listed if each.foretold)}
    for days in HORIZON_DAYS:
        document |= dict.fromkeys(_names(days))
    # Day N of a report ends N + 1 times 24 hours after the install.
    ahead = [
        [each for each in listed if each.foretold and not is_over(each, horizon.days - 1, AgeWindow.HOURS_24, today)]
        for horizon in foretold.horizons
    ]
    sums = [_together([each.foretold[place] for each in some]) for place, some in enumerate(ahead)]
    told = [
        (horizon.days, of, cohort_band(of, CohortReach(horizon.common, horizon.low, horizon.high)))
        for horizon, of in zip(foretold.horizons, sums, strict=True)
        if of.installs >= INSTALLS_MIN
    ]
    by_install = [_by_install(band, of.installs) for _, of, band in told]
    if len(listed) == 1:
        # Of several cohorts others lie ahead at each horizon.
        by_install = never_falling(by_install)
    for (days, _, _), band in zip(told, by_install, strict=True):
        ends = (shown(Decimal(end) * foretold.rate) for end in (band.mid, band.low, band.high))
        document |= dict(zip(_names(days), ends, strict=True))
    return document


def _names(days: int) -> tuple[str, str, str]:
    return f"pltv_{days}", f"pltv_{days}_low", f"pltv_{days}_high"


def _together(sums: Sequence[CohortSums]) -> CohortSums:
    made = CohortSums(0, 0.0, 0.0, 0.0)
    for each in sums:
        made = made.plus(each)
    return made


def _by_install(band: CohortBand, installs: int) -> CohortBand:
    return CohortBand(band.low / installs, band.mid / installs, band.high / installs)


async def _rate(tenant: Database, currency: str, day: date) -> Decimal | None:
    own_currency = (await TenantSettings(tenant).read()).currency
    rates, _ = await rates_between(tenant, own_currency, day, day)
    # Of revenue that never came nothing has to be converted.
    return rates.of(currency or own_currency, day)


def _without(state: PltvState, record: ValuesRecord | None) -> Foretold:
    return Foretold(_pltv(state, record))


def _pltv(state: PltvState, record: ValuesRecord | None) -> Pltv:
    if record is None:
        return Pltv(state=state, says=_WORDS[state])
    model, told = record.model, record.foretold
    currency = model.currency or ""
    coverage = {each.metric: each.estimate.value for each in model.metrics}
    return Pltv(
        state=state,
        says=_READY.format(currency=currency) if state is PltvState.READY else _WORDS[state],
        model_id=model.model_id,
        scope="global" if model.tenant_id is None else "own",
        currency=model.currency,
        share=BAND_SHARE,
        seen_at=record.seen_at,
        newest_day=told.newest_day if told else None,
        installs=told.installs if told else 0,
        horizons=[
            PltvHorizon(days=each.days, coverage=coverage.get(f"cohort_coverage_d{each.days}"))
            for each in (told.horizons if told else ())
        ],
    )
