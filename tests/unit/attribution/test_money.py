"""Amounts of many currencies in one."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from attribution.money import RATE_DAYS_MAX, Rate, Rates, converted, shown

FRIDAY = date(2026, 11, 20)
RATES = Rates("EUR", [Rate("USD", FRIDAY, Decimal("0.9")), Rate("USD", date(2026, 11, 23), Decimal("0.8"))])


def test_a_rate_holds_until_the_next_one() -> None:
    """Over the weekend Friday's, from Monday on Monday's, none before the first."""
    assert RATES.of("USD", date(2026, 11, 22)) == Decimal("0.9")
    assert RATES.of("USD", date(2026, 11, 23)) == Decimal("0.8")
    assert RATES.of("USD", FRIDAY - timedelta(days=1)) is None


def test_a_rate_holds_for_a_week() -> None:
    """A rate that is a week old is none; the own currency needs none."""
    monday = date(2026, 11, 23)
    assert RATES.of("USD", monday + timedelta(days=RATE_DAYS_MAX - 1)) == Decimal("0.8")
    assert RATES.of("USD", monday + timedelta(days=RATE_DAYS_MAX)) is None
    assert RATES.of("EUR", date(1999, 1, 1)) == 1


@given(st.lists(st.tuples(st.dates(FRIDAY, FRIDAY + timedelta(days=40)), st.decimals(1, 9, places=4)), max_size=9))
def test_daily_rates_are_those_of_each_day(given_rates: list[tuple[date, Decimal]]) -> None:
    """What is written down for a span says of each day what asking for it says."""
    rates = Rates("EUR", [Rate("USD", *each) for each in dict(given_rates).items()])
    last = FRIDAY + timedelta(days=50)
    written = {each.day: each.rate for each in rates.daily(FRIDAY, last)}
    days = [FRIDAY + timedelta(days=number) for number in range(51)]
    assert written == {day: rate for day in days if (rate := rates.of("USD", day)) is not None}


def test_nothing_is_rounded_before_it_is_shown() -> None:
    """The product is exact; what is shown is rounded half to even."""
    amount = Decimal("123456789012345678.123456789")
    digits = converted(amount, Decimal("0.000055123457")).as_tuple().digits
    assert "".join(map(str, digits)) == str(123_456_789_012_345_678_123_456_789 * 55_123_457)
    assert shown(Decimal("0.0000005")) == 0
    assert shown(Decimal("0.0000015")) == Decimal("0.000002")
