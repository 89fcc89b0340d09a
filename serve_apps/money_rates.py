"""A tenant's rates as reports and models convert with them: one for each day on which there is one."""

from datetime import date, timedelta

from attribution.money import RATE_DAYS_MAX, Rate, Rates
from storage.clickhouse.report_reader import Conversion
from storage.postgres.connect import Database
from storage.postgres.rates import StoredRates


async def rates_between(database: Database, own_currency: str, first: date, last: date) -> tuple[Rates, Conversion]:
    """Read the rates into a currency for some days of any zone, both included: to look up here, and in ClickHouse."""
    # A day of the zone can lie in two days of UTC, whose rates count.
    first, last = first - timedelta(days=1), last + timedelta(days=1)
    stored = await StoredRates(database, own_currency).between(first - timedelta(days=RATE_DAYS_MAX), last)
    rates = Rates(own_currency, (Rate(each.currency, each.day, each.rate) for each in stored))
    daily = rates.daily(first, last)
    return rates, Conversion(
        own_currency,
        tuple(each.currency for each in daily),
        tuple(each.day for each in daily),
        tuple(each.rate for each in daily),
    )
