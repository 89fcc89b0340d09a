"""Reads what reports add up, from the counts and the attributed conversions of a tenant."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from schemas.ids import TenantId
from schemas.reports import Operator, ReportQuery
from storage.clickhouse.connect import ClickHouse, query_limits
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "reports.sql")
_CONDITIONS = {
    Operator.IS: "condition_is",
    Operator.IS_NOT: "condition_is_not",
    Operator.CONTAINS: "condition_contains",
    Operator.CONTAINS_NOT: "condition_contains_not",
}

_NOT_ACTIONS = ["install", "reinstall", "re_attribution", "re_engagement", "session"]
"""Kinds of conversions that are no actions after an install."""

Row = dict[str, Any]


class CohortStep(StrEnum):
    """Which installs make one cohort."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class AgeWindow(StrEnum):
    """What day N is: the N-th 24 hours since the install, or the N-th day of the calendar after it."""

    HOURS_24 = "24h"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Conversion:
    """How amounts become one currency: rates (for one unit) by currency and UTC day, all three as long."""

    own_currency: str
    currencies: Sequence[str] = ()
    days: Sequence[date] = ()
    rates: Sequence[Decimal] = ()


@dataclass(frozen=True, slots=True)
class Covered:
    """Days, sources and apps (empty: all of them) whose touches' costs do not count, all three as long."""

    days: list[date] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    apps: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CohortQuery:
    """What cohorts are asked, beside what every report is: their length, and the days after the install, ascending."""

    step: CohortStep
    window: AgeWindow
    ages: tuple[int, ...]


class ReportReader:
    """Reads sums of one tenant. Every row has the dimensions of the query by their names."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId, query: ReportQuery) -> None:
        """Take whose, and the query that all of them answer."""
        self._store = store.of(tenant_id)
        self._query = query
        names = [dimension.value for dimension in query.breakdown]
        conditions, self._bound = _conditions(query)
        self._slots = clickhouse_tables(tenant_id) | {
            "dimensions": "".join(f"{name}, " for name in names),
            "conditions": conditions,
            "rate_table": _SQL["rates"],
            "covered": _SQL["covered"],
            "member": _SQL["member"],
            "person": _SQL["person"],
        }
        span = query.span
        self._bound |= {
            "since": _utc(span.since),
            "until": _utc(span.until),
            "zone": span.zone,
            "not_actions": _NOT_ACTIONS,
        }

    async def touches(self, *, by_day: bool) -> list[Row]:
        """Count: report_day, impressions, clicks."""
        return await self._read("touches", {"day": _SQL["day_of_touch" if by_day else "no_day"]})

    async def touch_costs(self, conversion: Conversion, covered: Covered, *, by_day: bool) -> list[Row]:
        """Add up what touches cost: report_day, kept_currency (empty: converted), cost."""
        slots = {"day": _SQL["day_of_touch" if by_day else "no_day"]}
        bound = _rates(conversion) | _covered(covered)
        found, has_prices = await asyncio.gather(self._read("touch_costs", slots, bound), self._read("has_prices", {}))
        if has_prices:
            slots = {"day": _SQL["day_of_conversion" if by_day else "no_day"]}
            found += await self._read("price_costs", slots, bound)
        return found

    async def conversions(self, conversion: Conversion, *, by_day: bool) -> list[Row]:
        """Add up: report_day, kept_currency, counts by type, revenue, organic_revenue."""
        slots = {"day": _SQL["day_of_conversion" if by_day else "no_day"]}
        return await self._read("conversions", slots, _rates(conversion))

    async def users(self, *, by_day: bool) -> list[Row]:
        """Count who was active: report_day, users, sessions, events; by the source of their install, if asked."""
        is_by_install = bool(self._query.breakdown or self._query.conditions)
        slots = {"day": _SQL["day_of_touch" if by_day else "no_day"]}
        return await self._read("users_by_install" if is_by_install else "users", slots)

    async def cohort_sizes(self, cohorts: CohortQuery) -> list[Row]:
        """Count people by when they installed: cohort, installs."""
        return await self._read("cohort_sizes", _cohort_slots(cohorts))

    async def retained(self, cohorts: CohortQuery) -> list[Row]:
        """Count those who were active again: cohort, retained (a list: at each of the ages)."""
        return await self._read("retained", _cohort_slots(cohorts), self._of_cohorts(cohorts))

    async def cohort_revenue(self, cohorts: CohortQuery, conversion: Conversion) -> list[Row]:
        """Add up what they paid: cohort, up_to_age (since the age before it), kept_currency, revenue."""
        bound = self._of_cohorts(cohorts) | _rates(conversion)
        return await self._read("cohort_revenue", _cohort_slots(cohorts), bound)

    def _of_cohorts(self, cohorts: CohortQuery) -> dict[str, Any]:
        last = self._query.span.until + timedelta(days=cohorts.ages[-1] + 2)
        return {"ages": list(cohorts.ages), "age_max": cohorts.ages[-1], "active_until": _utc(last)}

    async def _read(self, name: str, slots: dict[str, str], bound: dict[str, Any] | None = None) -> list[Row]:
        statement = _SQL[name]
        while statement != (filled := fill(statement, slots | self._slots)):
            # What fills a slot may have slots itself.
            statement = filled
        async with self._store.client() as client:
            answer = await client.query(
                statement,
                parameters=self._bound | (bound or {}),
                settings=query_limits(self._store.settings, self._store.settings.query_seconds)
                | {
                    "do_not_merge_across_partitions_select_final": 1,
                },
            )
        return [dict(zip(answer.column_names, row, strict=True)) for row in answer.result_rows]


def _conditions(query: ReportQuery) -> tuple[str, dict[str, Any]]:
    texts, bound = [], {}
    for number, condition in enumerate(query.conditions):
        name = f"values_{number}"
        slots = {"dimension": condition.dimension.value, "values": f"{{{name}:Array(String)}}"}
        texts.append(fill(_SQL[_CONDITIONS[condition.operator]], slots))
        bound[name] = list(condition.values)
    return " AND ".join(texts) or "true", bound


def _cohort_slots(cohorts: CohortQuery) -> dict[str, str]:
    age = "age_in_24h" if cohorts.window is AgeWindow.HOURS_24 else "age_in_calendar"
    return {"cohort": _SQL["cohort"], "cohort_start": _SQL[f"cohort_{cohorts.step}"], "age": _SQL[age]}


def _rates(conversion: Conversion) -> dict[str, Any]:
    return {
        "own_currency": conversion.own_currency,
        "rate_currencies": list(conversion.currencies),
        "rate_days": list(conversion.days),
        "rates": list(conversion.rates),
    }


def _covered(covered: Covered) -> dict[str, Any]:
    return {"covered_days": covered.days, "covered_sources": covered.sources, "covered_apps": covered.apps}


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
