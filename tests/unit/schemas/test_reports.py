"""The words of reports: days across DST, breakdowns, filters."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.report_problems import ReportParameterInvalid
from schemas.reports import (
    Condition,
    Dimension,
    Operator,
    Span,
    day_start,
    parse_ages,
    parse_breakdown,
    parse_filter,
    parse_span,
    parse_zone,
)

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Asia/Beirut",
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-28T23:00"),
        ("Europe/Berlin", date(2026, 3, 30), "2026-03-29T22:00"),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-24T22:00"),
        ("Europe/Berlin", date(2026, 10, 26), "2026-10-25T23:00"),
        ("Asia/Kathmandu", date(2026, 1, 1), "2025-12-31T18:15"),
        # Clocks are put forward at midnight: the day begins at one o'clock.
        ("Asia/Beirut", date(2026, 3, 29), "2026-03-28T22:00"),
        # Midnight came twice: the day begins with the first.
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00"),
        # This day never was on Samoa's calendar.
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00"),
    ],
)
def test_a_day_begins_when_the_calendar_of_its_zone_says(zone: str, day: date, begins: str) -> None:
    """The moment at which the date changes there, also when clocks are put forward or back at midnight."""
    assert day_start(day, zone) == utc(begins)


@given(st.sampled_from(ZONES), st.dates(date(1995, 1, 1), date(2035, 1, 1)))
def test_days_follow_each_other_without_gap(zone: str, day: date) -> None:
    """Just before its start another day was, at its start it is; both on a quarter of an hour."""
    start, info = day_start(day, zone), ZoneInfo(zone)
    assert start.astimezone(info).date() >= day
    assert (start - timedelta(milliseconds=1)).astimezone(info).date() < day
    assert (start.minute % 15, start.second) == (0, 0)


def test_the_day_on_which_clocks_go_back_has_25_hours() -> None:
    """A span is as long as its days are."""
    span = Span(date(2026, 10, 25), date(2026, 10, 25), "Europe/Berlin")
    assert span.until - span.since == timedelta(hours=25)
    assert span.before() == Span(date(2026, 10, 24), date(2026, 10, 24), "Europe/Berlin")


def test_a_span_without_days_is_the_last_thirty() -> None:
    """Up to today; one end alone sets the other."""
    today = date(2026, 11, 26)
    assert parse_span(None, None, "UTC", today) == Span(date(2026, 10, 28), today, "UTC")
    assert parse_span("2026-11-20", None, "UTC", today) == Span(date(2026, 11, 20), today, "UTC")
    assert parse_span(None, "2026-11-20", "UTC", today).first == date(2026, 10, 22)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-11-2", None),
        ("x", None),
        ("2026-02-30", None),
        ("2026-02-02", "2026-02-01"),
        ("1000-01-01", None),
        ("2025-01-01", "2026-11-01"),
        ("٢٠٢٦-01-01", None),
    ],
)
def test_what_is_no_span_is_refused(first: str, last: str | None) -> None:
    """No day, days in the wrong order, too many."""
    with pytest.raises(ReportParameterInvalid):
        parse_span(first, last, "UTC", date(2026, 11, 26))


@pytest.mark.parametrize("zone", ["", "localtime", "../../etc/passwd", "Mars/Olympus", "europe/berlin", "UTC\0"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    """Names of IANA's list alone."""
    with pytest.raises(ReportParameterInvalid):
        parse_zone(zone)


def test_a_filter_is_a_list_of_conditions() -> None:
    """Four operators, several values, and a backslash before what would separate."""
    assert parse_filter("media_source=google_ads, meta_ads;country!=DE;campaign~spring;ad!~a\\,b\\;c") == (
        Condition(Dimension.MEDIA_SOURCE, Operator.IS, ("google_ads", "meta_ads")),
        Condition(Dimension.COUNTRY, Operator.IS_NOT, ("DE",)),
        Condition(Dimension.CAMPAIGN, Operator.CONTAINS, ("spring",)),
        Condition(Dimension.AD, Operator.CONTAINS_NOT, ("a,b;c",)),
    )
    assert parse_filter("") == ()


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        ("country=DE,FR", "FR", True),
        ("country!=DE,FR", "FR", False),
        ("country=", "", True),
        ("campaign~SPRING", "my spring sale", True),
        ("campaign!~spring", "my Spring sale", False),
        ("platform=ios", "", False),
    ],
)
def test_a_condition_holds(condition: str, value: str, *, holds: bool) -> None:
    """Equal ones exactly, contained ones whatever their case."""
    (parsed,) = parse_filter(condition)
    assert parsed.holds(value) is holds


@given(st.one_of(st.text(), st.from_regex(r"[a-z_]{1,12}(=|!=|~|!~)['\"\\;,)(%{}]{0,20}")))
def test_no_filter_crashes_or_injects(text: str) -> None:
    """Whatever comes is conditions on known dimensions, or refused: nothing of it but its values goes further."""
    try:
        conditions = parse_filter(text)
    except ReportParameterInvalid:
        return
    assert all(type(condition.dimension) is Dimension for condition in conditions)
    assert all(type(condition.operator) is Operator for condition in conditions)
    assert all("\0" not in value for condition in conditions for value in condition.values)


@given(st.text())
def test_no_breakdown_crashes(text: str) -> None:
    """Whatever comes is up to three dimensions, or refused."""
    try:
        found = parse_breakdown(text)
    except ReportParameterInvalid:
        return
    assert len(set(found)) == len(found) <= 3


@given(st.text())
def test_no_list_of_days_crashes(text: str) -> None:
    """Whatever comes is days in order, each once, or refused."""
    try:
        ages = parse_ages(text)
    except ReportParameterInvalid:
        return
    assert list(ages) == sorted(set(ages))
    assert 0 <= ages[0] <= ages[-1] <= 365


def test_ages_come_in_order() -> None:
    """Sorted, each once."""
    assert parse_ages("30, 1,0,1") == (0, 1, 30)
