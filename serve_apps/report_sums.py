"""From what the databases add up to a report's rows: sources joined, money converted, nothing counted twice."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from attribution.money import Rates, converted, shown
from attribution.report_metrics import Sums
from schemas.money import CostLine
from schemas.reports import Dimension, ReportQuery
from serve_apps.money_rates import rates_between
from storage.clickhouse.report_reader import Conversion, Covered, ReportReader, Row
from storage.postgres.connect import Database
from storage.postgres.costs import Costs
from storage.postgres.tenant_settings import TenantSettings

Key = tuple[Any, ...]
"""The day (None: all of them) and the values of the breakdown."""

_COST_DIMENSIONS = frozenset(
    {Dimension.MEDIA_SOURCE, Dimension.CAMPAIGN, Dimension.ADSET, Dimension.APP_ID, Dimension.COUNTRY}
)
_COUNTS_OF_CONVERSIONS = (
    *("installs", "organic_installs", "reinstalls", "actions", "organic_actions", "purchases", "rejected"),
)


@dataclass(slots=True)
class Unconverted:
    """Amounts for whose day there is no rate, by currency: they are in no sum of the report."""

    revenue: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    cost: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def document(self) -> list[dict[str, Any]]:
        """List them by currency."""
        return [
            {
                "currency": currency,
                "revenue": shown(self.revenue.get(currency, Decimal())),
                "cost": shown(self.cost.get(currency, Decimal())),
            }
            for currency in sorted(self.revenue.keys() | self.cost.keys())
        ]


@dataclass(frozen=True, slots=True)
class Money:
    """A tenant's costs and rates over the days of a report."""

    rates: Rates
    costs: tuple[CostLine, ...]
    conversion: Conversion
    covered: Covered


async def read_money(database: Database, first: date, last: date, *, until: date | None = None) -> Money:
    """Read the costs of some days, both included, and the rates of these and of those up to `until`."""
    own_currency = (await TenantSettings(database).read()).currency
    (rates, conversion), costs = await asyncio.gather(
        rates_between(database, own_currency, first, max(last, until or last)),
        Costs(database).between(first, last),
    )
    covering = sorted({(line.day, line.media_source, line.app_id) for line in costs})
    covered = Covered(*(list(column) for column in zip(*covering, strict=True))) if covering else Covered()
    return Money(rates, tuple(costs), conversion, covered)


class SumsReader:
    """Adds up one report of one tenant."""

    def __init__(self, reader: ReportReader, query: ReportQuery, money: Money) -> None:
        """Take what reads, what is asked, and the money of its days."""
        self._query = query
        self._names = [dimension.value for dimension in query.breakdown]
        self._reader = reader
        self._money = money
        self.unconverted = Unconverted()

    async def read(self, *, by_day: bool) -> tuple[dict[Key, Sums], Sums]:
        """Add everything up by day, if asked, and by the breakdown; and all of it together.

        Of all days together, the users are fewer than the sum of the days': who came twice is one.
        """
        touches, conversions, (users, users_of_all), costs = await asyncio.gather(
            self._reader.touches(by_day=by_day),
            self._reader.conversions(self._money.conversion, by_day=by_day),
            self._reader.users(by_day=by_day),
            self.costs(by_day=by_day),
        )
        sums: dict[Key, Sums] = defaultdict(Sums)
        for row in touches:
            sums[self._key(row, by_day=by_day)].add(impressions=row["impressions"], clicks=row["clicks"])
        for row in conversions:
            self._add_conversions(sums[self._key(row, by_day=by_day)], row)
        for row in users:
            sums[self._key(row, by_day=by_day)].add(**{name: row[name] for name in ("users", "sessions", "events")})
        for key, cost in costs.items():
            sums[key].add(cost=cost)
        total = added(sums.values())
        total.users = users_of_all
        return sums, total

    @property
    def currency(self) -> str:
        """The tenant's currency, in which the sums are."""
        return self._money.conversion.own_currency

    async def costs(self, *, by_day: bool) -> dict[Key, Decimal]:
        """Add up what was uploaded, and what touches cost where nothing was uploaded."""
        costs: dict[Key, Decimal] = defaultdict(Decimal)
        rows = await self._reader.touch_costs(self._money.conversion, self._money.covered, by_day=by_day)
        for row in rows:
            if row["kept_currency"]:
                self.unconverted.cost[row["kept_currency"]] += row["cost"]
            else:
                costs[self._key(row, by_day=by_day)] += row["cost"]
        rate_of = cache(self._money.rates.of)
        for line in uploaded(self._money.costs, self._query):
            rate = rate_of(line.currency, line.day)
            if rate is None:
                self.unconverted.cost[line.currency] += line.cost
                continue
            labels = (cost_value(line, dimension) for dimension in self._query.breakdown)
            costs[(line.day if by_day else None, *labels)] += converted(line.cost, rate)
        return costs

    def _add_conversions(self, sums: Sums, row: Row) -> None:
        sums.add(**{name: row[name] for name in _COUNTS_OF_CONVERSIONS})
        if row["kept_currency"]:
            self.unconverted.revenue[row["kept_currency"]] += row["revenue"]
        else:
            sums.add(revenue=row["revenue"], organic_revenue=row["organic_revenue"])

    def _key(self, row: Mapping[str, Any], *, by_day: bool) -> Key:
        return (row["report_day"] if by_day else None, *(row[name] for name in self._names))


def uploaded(costs: Iterable[CostLine], query: ReportQuery) -> Iterator[CostLine]:
    """Keep the costs that fit a report's filter; what a cost does not name is empty."""
    for line in costs:
        if all(condition.holds(cost_value(line, condition.dimension)) for condition in query.conditions):
            yield line


def cost_value(line: CostLine, dimension: Dimension) -> str:
    """Give a cost's value of a dimension; empty for one that costs do not have."""
    return getattr(line, dimension) if dimension in _COST_DIMENSIONS else ""


def added(parts: Iterable[Sums]) -> Sums:
    """Add sums up; users too, so the sets must share none."""
    total = Sums()
    for part in parts:
        total.add(**{name: getattr(part, name) for name in Sums.__slots__})
    return total
