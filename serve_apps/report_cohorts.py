"""Cohorts: people by when they installed, whether they came back, what they paid, and what it cost to win them."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from attribution.cohort_bands import CohortSums
from attribution.money import shown
from attribution.report_metrics import money_ratio, ratio
from schemas.reports import ReportQuery
from serve_apps.report_sums import Key, Money, SumsReader
from storage.clickhouse.report_reader import AgeWindow, CohortQuery, CohortStep, ReportReader, Row


@dataclass(slots=True)
class Cohort:
    """People who installed within some days, up to `last`; counts and amounts by the days since.

    `foretold` has what a model foretells of them, by its horizons; empty where it foretells nothing.
    """

    last: date
    installs: int = 0
    cost: Decimal = Decimal()
    retained: dict[int, int] = field(default_factory=dict)
    revenue: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    foretold: list[CohortSums] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CohortParts:
    """What of cohorts a report shows; of `snapshot` what is foretold of them, unless it is 0."""

    retention: bool = False
    value: bool = False
    snapshot: int = 0


class CohortReader:
    """Reads the cohorts of one report."""

    def __init__(self, reader: ReportReader, query: ReportQuery) -> None:
        """Take what reads people and amounts, and what is asked."""
        self._reader = reader
        self._query = query
        self._names = [dimension.value for dimension in query.breakdown]

    async def read(
        self, asked: CohortQuery, parts: CohortParts, money: Awaitable[Money]
    ) -> tuple[dict[Key, Cohort], SumsReader]:
        """Read cohorts by their first day and the breakdown; their revenue is that of all days up to each age.

        Who came back takes longest and needs no money, so that it does not wait for it. What is in no sum has the
        `SumsReader`.
        """
        sizes, retained, foretold, (sums, revenue, costs) = await asyncio.gather(
            self._reader.cohort_sizes(asked),
            self._reader.retained(asked) if parts.retention else _nothing(),
            self._reader.foretold(asked, parts.snapshot) if parts.snapshot else _nothing(),
            self._amounts(asked, parts, money),
        )
        cohorts: dict[Key, Cohort] = {}
        keyed: dict[int, Cohort] = {}
        for row in sizes:
            keyed[row["cohort_key"]] = begun = self._cohort(cohorts, self._key(row), asked)
            begun.installs += row["installs"]
        _add_revenue(keyed, revenue, asked, sums)
        for (day, *rest), cost in costs.items():
            self._cohort(cohorts, (first_day(day, asked.step), *rest), asked).cost += cost
        # A cohort that began to be between two queries has people without a size: the next report has it.
        for row in retained:
            if cohort := keyed.get(row["cohort_key"]):
                cohort.retained.update(zip(asked.ages, row["retained"], strict=True))
        for row in foretold:
            if cohort := keyed.get(row["cohort_key"]):
                cohort.foretold = _foretold(row)
        return cohorts, sums

    async def _amounts(
        self, asked: CohortQuery, parts: CohortParts, money: Awaitable[Money]
    ) -> tuple[SumsReader, list[Row], dict[Key, Decimal]]:
        read = await money
        sums = SumsReader(self._reader, self._query, read)
        revenue, costs = await asyncio.gather(
            self._reader.cohort_revenue(asked, read.conversion) if parts.value else _nothing(), sums.costs(by_day=True)
        )
        return sums, revenue, costs

    def _key(self, row: Row) -> Key:
        return (row["cohort"], *(row[name] for name in self._names))

    def _cohort(self, cohorts: dict[Key, Cohort], key: Key, asked: CohortQuery) -> Cohort:
        if key not in cohorts:
            cohorts[key] = Cohort(min(last_day(key[0], asked.step), self._query.span.last))
        return cohorts[key]


def _add_revenue(keyed: Mapping[int, Cohort], revenue: Iterable[Row], asked: CohortQuery, sums: SumsReader) -> None:
    for row in revenue:
        cohort = keyed.get(row["cohort_key"])
        if row["kept_currency"]:
            sums.unconverted.revenue[row["kept_currency"]] += row["revenue"]
        elif cohort:
            for age in asked.ages[asked.ages.index(row["up_to_age"]) :]:
                cohort.revenue[age] += row["revenue"]


def _foretold(row: Row) -> list[CohortSums]:
    columns = zip(row["known"], row["later"], row["variance"], strict=True)
    return [CohortSums(row["installs"], *each) for each in columns]


async def _nothing() -> list[Row]:
    return []


def first_day(day: date, step: CohortStep) -> date:
    """Give the day with which a day's cohort begins: itself, its Monday, the first of its month."""
    if step is CohortStep.DAY:
        return day
    return day - timedelta(days=day.weekday()) if step is CohortStep.WEEK else day.replace(day=1)


def last_day(first: date, step: CohortStep) -> date:
    """Give the day with which a cohort ends."""
    if step is CohortStep.DAY:
        return first
    if step is CohortStep.WEEK:
        return first + timedelta(days=6)
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def is_over(cohort: Cohort, age: int, window: AgeWindow, today: date) -> bool:
    """Say whether day `age` is over for everybody of a cohort; else its figures would rise until it is."""
    return age + (window is AgeWindow.HOURS_24) < (today - cohort.last).days


def cohort_document(cohorts: Iterable[Cohort], asked: CohortQuery, parts: CohortParts, today: date) -> dict[str, Any]:
    """Write one cohort down, or several as one: at each age those for whom it is over; None if there are none.

    `retention_N` is the part that was active on day N; `revenue_N` what was paid up to day N, `ltv_N` the same by
    install, `roas_N` by cost.
    """
    listed = list(cohorts)
    installs = sum(cohort.installs for cohort in listed)
    cost = sum((cohort.cost for cohort in listed), Decimal())
    document: dict[str, Any] = {"installs": installs, "cost": shown(cost), "cpi": money_ratio(cost, installs)}
    for age in asked.ages:
        over = [cohort for cohort in listed if is_over(cohort, age, asked.window, today)]
        size = sum(cohort.installs for cohort in over)
        if parts.retention:
            retained = sum(cohort.retained.get(age, 0) for cohort in over) if over else None
            document[f"retained_{age}"] = retained
            document[f"retention_{age}"] = None if retained is None else ratio(retained, size)
        if parts.value:
            revenue = sum((cohort.revenue.get(age, Decimal()) for cohort in over), Decimal()) if over else None
            spent = sum((cohort.cost for cohort in over), Decimal())
            document[f"revenue_{age}"] = None if revenue is None else shown(revenue)
            document[f"ltv_{age}"] = None if revenue is None else money_ratio(revenue, size)
            document[f"roas_{age}"] = None if revenue is None else ratio(revenue, spent)
    return document
