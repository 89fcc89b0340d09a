"""Amounts of many currencies in one: by the rate of the day on which each was earned or spent.

A rate holds from its day until the next one, but no longer than a week: rates are not published at weekends and on
holidays. An amount without a rate stays what it is and is listed as unconverted: it is neither dropped nor guessed.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal

RATE_DAYS_MAX = 7
"""How long a rate holds."""

SHOWN = Decimal("0.000001")
"""The last digit of an amount that a report shows."""

_EXACT = Context(prec=76, rounding=ROUND_HALF_EVEN)
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of `currency` is worth `rate` units of the tenant's, from a day on."""

    currency: str
    day: date
    rate: Decimal


class Rates:
    """Rates into one currency, its own included."""

    def __init__(self, own_currency: str, rates: Iterable[Rate]) -> None:
        """Take the currency to convert to, and rates in any order, one a currency and day."""
        self.own_currency = own_currency
        self._rates: Mapping[str, list[tuple[date, Decimal]]] = defaultdict(list)
        for each in sorted(rates, key=lambda rate: rate.day):
            self._rates[each.currency].append((each.day, each.rate))

    def of(self, currency: str, day: date) -> Decimal | None:
        """Give the rate of a currency on a day; None if there is none."""
        if currency == self.own_currency:
            return _ONE
        known = self._rates.get(currency, [])
        place = bisect_right(known, day, key=lambda rate: rate[0])
        if place == 0:
            return None
        since, rate = known[place - 1]
        return rate if (day - since).days < RATE_DAYS_MAX else None

    def daily(self, first: date, last: date) -> list[Rate]:
        """Write down every rate that holds on a day of a span, both ends included, the own currency left out."""
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return [
            Rate(currency, day, rate)
            for currency in sorted(self._rates)
            if currency != self.own_currency
            for day in days
            if (rate := self.of(currency, day)) is not None
        ]


def converted(amount: Decimal, rate: Decimal) -> Decimal:
    """Multiply without rounding."""
    return _EXACT.multiply(amount, rate)


def shown(amount: Decimal) -> Decimal:
    """Round half to even to what a report shows."""
    return amount.quantize(SHOWN, context=_EXACT)
