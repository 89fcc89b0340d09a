"""Reads what reports add up, from the counts and the attributed conversions of a tenant."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from schemas.ids import TenantId
from schemas.limits import REPORT_GROUPS_MAX
from schemas.report_problems import QuestionTooLarge
from schemas.reports import Dimension, Operator, ReportQuery
from storage.clickhouse.brought_tables import BroughtTable, external_data
from storage.clickhouse.connect import ClickHouse, query_limits
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "reports.sql") | load_queries("storage.clickhouse", "person.sql")
_CONDITIONS = {
    Operator.IS: "condition_is",
    Operator.IS_NOT: "condition_is_not",
    Operator.CONTAINS: "condition_contains",
    Operator.CONTAINS_NOT: "condition_contains_not",
}

_NOT_ACTIONS = ["install", "reinstall", "re_attribution", "re_engagement", "session"]
"""Kinds of conversions that are no actions after an install."""

_NOT_OF_WEEKS = frozenset({Dimension.ADSET, Dimension.AD, Dimension.SITE_ID})
"""Dimensions that the sums of weeks do not have."""

_NO_DAY = date(1970, 1, 1)
_WEEK_DAYS = 7

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

    def table(self) -> BroughtTable:
        """Give the rates as a query brings them along."""
        rows = zip(self.currencies, self.days, self.rates, strict=True)
        return BroughtTable.of("brought_rates", "currency String, day Date, rate Decimal(38, 12)", rows)


@dataclass(frozen=True, slots=True)
class Covered:
    """Days, sources and apps (empty: all of them) whose touches' costs do not count, all three as long."""

    days: list[date] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    apps: list[str] = field(default_factory=list)

    def table(self) -> BroughtTable:
        """Give them as a query brings them along."""
        rows = zip(self.days, self.sources, self.apps, strict=True)
        return BroughtTable.of("brought_covered", "day Date, media_source String, app_id String", rows)


@dataclass(frozen=True, slots=True)
class CohortQuery:
    """What cohorts are asked, beside what every report is: their length, and the days after the install, ascending."""

    step: CohortStep
    window: AgeWindow
    ages: tuple[int, ...]


class ReportReader:
    """Reads sums of one tenant. Every row has the dimensions of the query by their names."""

    def __init__(
        self, store: ClickHouse, tenant_id: TenantId, query: ReportQuery, weeks: Sequence[date], *, has_aliases: bool
    ) -> None:
        """Take whose, and the query that all of them answer; see `open`."""
        self._store = store.of(tenant_id)
        self._query = query
        self._weeks = weeks
        conditions, self._bound = _conditions(query)
        names = [dimension.value for dimension in query.breakdown]
        self._slots = clickhouse_tables(tenant_id) | {
            "dimensions": "".join(f"{name}, " for name in names),
            "keys": ", ".join(names) or "()",
            "conditions": conditions,
            "rate_table": _SQL["rates"],
            "counts": _SQL["counts"],
            "covered": _SQL["covered"],
            "installs": _SQL["installs"],
            "active": _SQL["active"],
            "earned": _SQL["earned"],
            "spent": _SQL["spent"],
            "member": _SQL["member"],
            "person": fill(_SQL["joined"], {"key": "person_key"}) if has_aliases else "person_key",
        }
        span = query.span
        self._bound |= {
            "since": _utc(span.since),
            "until": _utc(span.until),
            "zone": span.zone,
            "not_actions": _NOT_ACTIONS,
        }

    @classmethod
    async def open(cls, store: ClickHouse, tenant_id: TenantId, query: ReportQuery, weeks: Sequence[date]) -> Self:
        """Begin to read: `weeks` are Mondays (UTC) whose weeks are summed, whether the query is about them or not."""
        async with store.of(tenant_id).client() as client:
            answer = await client.query(fill(_SQL["has_aliases"], clickhouse_tables(tenant_id)))
        return cls(store, tenant_id, query, weeks, has_aliases=bool(answer.result_rows))

    async def touches(self, *, by_day: bool) -> list[Row]:
        """Count: report_day, impressions, clicks."""
        asked = {*self._query.breakdown, *(condition.dimension for condition in self._query.conditions)}
        if by_day or not asked or asked & _NOT_OF_WEEKS:
            return await self._read("touches", {"day": _SQL["day_of_touch" if by_day else "no_day"]})
        return await self._read("touches_of_weeks", {}, self._whole_weeks(self._query.span.until))

    async def touch_costs(self, conversion: Conversion, covered: Covered, *, by_day: bool) -> list[Row]:
        """Add up what touches cost: report_day, kept_currency (empty: converted), cost."""
        slots = {"day": _SQL["day_of_touch" if by_day else "no_day"]}
        bound = {"own_currency": conversion.own_currency}
        brought = conversion.table(), covered.table()
        found, has_prices = await asyncio.gather(
            self._read("touch_costs", slots, bound | self._whole_weeks(self._query.span.until), brought),
            self._read("has_prices", {}),
        )
        if has_prices:
            slots = {"day": _SQL["day_of_conversion" if by_day else "no_day"]}
            found += await self._read("price_costs", slots, bound, brought)
        return found

    async def conversions(self, conversion: Conversion, *, by_day: bool) -> list[Row]:
        """Add up: report_day, kept_currency, counts by type, revenue, organic_revenue."""
        slots = {"day": _SQL["day_of_conversion" if by_day else "no_day"]}
        bound = {"own_currency": conversion.own_currency}
        return await self._read("conversions", slots, bound, [conversion.table()])

    async def users(self, *, by_day: bool) -> tuple[list[Row], int]:
        """Count people who were active: report_day, users, sessions, events; by the source of their install, if asked.

        And how many they are on all days together: fewer than the sum of the days, because who came twice is one.
        """
        if by_day and not (self._query.breakdown or self._query.conditions):
            rows = await self._read("users", {"day": _SQL["day_of_touch"]})
            total = sum(row["users"] for row in rows if row["report_day"] == _NO_DAY)
            return [row for row in rows if row["report_day"] != _NO_DAY], total
        until = self._query.span.until
        bound = self._whole_weeks(until) | {"active_until": _utc(until)}
        of_all = self._read("users_by_install_of_all_days", {}, bound)
        if not by_day:
            rows = await of_all
            return rows, sum(row["users"] for row in rows)
        days, rows = await asyncio.gather(self._read("users_by_install", {"day": _SQL["day_of_touch"]}), of_all)
        return days, sum(row["users"] for row in rows)

    async def cohort_sizes(self, cohorts: CohortQuery) -> list[Row]:
        """Count people by when they installed: cohort, cohort_key (it stands for all of that), installs."""
        return await self._read("cohort_sizes", _cohort_slots(cohorts))

    async def retained(self, cohorts: CohortQuery) -> list[Row]:
        """Count those who were active again: cohort_key, retained (a list: at each of the ages)."""
        counts = [fill(_SQL["retained_at"], {"place": str(place)}) for place in range(len(cohorts.ages))]
        slots = {"retained_counts": ", ".join(counts)} | _cohort_slots(cohorts)
        return await self._read("retained", slots, self._of_cohorts(cohorts))

    async def cohort_revenue(self, cohorts: CohortQuery, conversion: Conversion) -> list[Row]:
        """Add up what they paid: cohort_key, up_to_age (since the age before it), kept_currency, revenue."""
        bound = self._of_cohorts(cohorts) | {"own_currency": conversion.own_currency}
        return await self._read("cohort_revenue", _cohort_slots(cohorts), bound, [conversion.table()])

    async def foretold(self, cohorts: CohortQuery, snapshot: int) -> list[Row]:
        """Add up what a snapshot says of their installs: cohort_key, installs, and by horizon what `CohortSums` has."""
        return await self._read(
            "foretold", _cohort_slots(cohorts) | {"install": _SQL["install"]}, {"snapshot": snapshot}
        )

    def _of_cohorts(self, cohorts: CohortQuery) -> dict[str, Any]:
        until = self._query.span.until + timedelta(days=cohorts.ages[-1] + 2)
        bound = {"ages": list(cohorts.ages), "age_max": cohorts.ages[-1], "active_until": _utc(until)}
        return bound | self._whole_weeks(until)

    def _whole_weeks(self, until: datetime) -> dict[str, Any]:
        """Choose the summed weeks that lie within the query's days, or those up to a later time."""
        days = self._query.span.since, until - timedelta(days=_WEEK_DAYS)
        return {"weeks": [week for week in self._weeks if days[0] <= _begin(week) <= days[1]]}

    async def _read(
        self,
        name: str,
        slots: dict[str, str],
        bound: dict[str, Any] | None = None,
        brought: Sequence[BroughtTable] = (),
    ) -> list[Row]:
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
                    # One more than may be, to know that there are more; and the limit ends what would find millions.
                    "limit": REPORT_GROUPS_MAX + 1,
                },
                external_data=external_data(brought),
            )
        if len(answer.result_rows) > REPORT_GROUPS_MAX:
            raise QuestionTooLarge(f"The report is added up from more than {REPORT_GROUPS_MAX:,} rows.")
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
    return {
        "cohort": _SQL["cohort"],
        "install": "",
        "cohort_start": _SQL[f"cohort_{cohorts.step}"],
        "age": _SQL[f"age_in_{cohorts.window}"],
        "days_later": _SQL[f"days_later_{cohorts.window}"],
    }


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
