"""The words of reports: what they are broken down by, filtered by, and over which days they go.

A filter is a list of conditions, all of which must hold:

    filter    = condition *( ";" condition )
    condition = dimension operator value *( "," value )
    operator  = "=" | "!=" | "~" | "!~"

`=` is one of the values, `!=` none of them; `~` contains one of them whatever its case, `!~` none. A backslash takes
the character after it as it is. An empty value means that the dimension is not known. Only the names of dimensions get
into a query's text, from the list below; values are bound.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from schemas.report_problems import ReportParameterInvalid

BREAKDOWNS_MAX = 3
CONDITIONS_MAX = 20
VALUES_MAX = 100
FILTER_CHARS_MAX = 1_000
"""Percent-encoded, and beside the headers, it must fit what proxies take."""
DAYS_MAX = 400
AGES_MAX = 40
AGE_DAYS_MAX = 365

_CONDITION = re.compile(r"\s*([a-z_]+)\s*(!=|!~|=|~)(.*)", re.DOTALL)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_QUARTER_HOUR = timedelta(minutes=15)
_EARLIEST, _LATEST = date(1990, 1, 1), date(2100, 1, 1)


class Dimension(StrEnum):
    """What a report can be broken down and filtered by."""

    MEDIA_SOURCE = "media_source"
    CHANNEL = "channel"
    CAMPAIGN = "campaign"
    ADSET = "adset"
    AD = "ad"
    SITE_ID = "site_id"
    COUNTRY = "country"
    PLATFORM = "platform"
    APP_ID = "app_id"


class Operator(StrEnum):
    """How a condition compares."""

    IS = "="
    IS_NOT = "!="
    CONTAINS = "~"
    CONTAINS_NOT = "!~"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a filter: any of the values, or none of them."""

    dimension: Dimension
    operator: Operator
    values: tuple[str, ...]

    def holds(self, value: str) -> bool:
        """Say whether a value fits."""
        if self.operator in {Operator.IS, Operator.IS_NOT}:
            found = value in self.values
        else:
            found = any(part.casefold() in value.casefold() for part in self.values)
        return found is (self.operator in {Operator.IS, Operator.CONTAINS})


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days of a time zone, first and last included."""

    first: date
    last: date
    zone: str

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def since(self) -> datetime:
        """When the first day begins (UTC)."""
        return day_start(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """When the last day has ended (UTC): not part of it."""
        return day_start(self.last + timedelta(days=1), self.zone)

    def before(self) -> "Span":
        """Give the as many days just before."""
        return Span(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone)


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """What every report is asked: days, what to break down by, what to keep."""

    span: Span
    breakdown: tuple[Dimension, ...] = ()
    conditions: tuple[Condition, ...] = ()


def day_start(day: date, zone: str) -> datetime:
    """Give the moment (UTC) at which a day begins in a zone, whose clocks may be put forward at midnight.

    Where midnight comes twice the day begins with the first; where it does not come at all, with the moment at which
    the clocks are put forward.
    """
    info = ZoneInfo(zone)
    midnight = datetime.combine(day, time(), info).astimezone(UTC)
    if midnight.astimezone(info).date() >= day:
        while (midnight - _QUARTER_HOUR).astimezone(info).date() >= day:
            midnight -= _QUARTER_HOUR
    else:
        while midnight.astimezone(info).date() < day:
            midnight += _QUARTER_HOUR
    return midnight


@cache
def _zones() -> frozenset[str]:
    # `localtime` is whatever this machine says; the event store does not know it.
    return frozenset(available_timezones() - {"localtime"})


def parse_zone(text: str) -> str:
    """Check the name of an IANA time zone.

    Raises:
        ReportParameterInvalid: there is no such zone.
    """
    if text not in _zones():
        raise ReportParameterInvalid(f"`tz` is an IANA time zone such as Europe/Berlin, not {text[:80]!r}.")
    return text


def parse_span(first: str | None, last: str | None, zone: str, today: date, *, default_days: int = 30) -> Span:
    """Read the days of a report, both included; without them, the last `default_days` up to today.

    Raises:
        ReportParameterInvalid: one is no day, they are in the wrong order, or more than `DAYS_MAX`.
    """
    until = _day("to", last) if last else (max(_day("from", first), today) if first else today)
    since = _day("from", first) if first else until - timedelta(days=default_days - 1)
    if not _EARLIEST <= since <= until <= _LATEST:
        raise ReportParameterInvalid("`from` must not be after `to`, and both lie between 1990 and 2100.")
    if (until - since).days >= DAYS_MAX:
        raise ReportParameterInvalid(f"From `from` to `to` are at most {DAYS_MAX} days.")
    return Span(since, until, zone)


def _day(name: str, text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ReportParameterInvalid(f"`{name}` is a day such as 2026-11-30, not {text[:80]!r}.")


def parse_breakdown(text: str) -> tuple[Dimension, ...]:
    """Read dimensions, separated by commas.

    Raises:
        ReportParameterInvalid: one is none, comes twice, or there are too many.
    """
    names = [name.strip() for name in text.split(",")] if text.strip() else []
    if len(names) > BREAKDOWNS_MAX or len(set(names)) < len(names):
        raise ReportParameterInvalid(f"`breakdown` has at most {BREAKDOWNS_MAX} dimensions, each once.")
    return tuple(_dimension("breakdown", name) for name in names)


def parse_filter(text: str) -> tuple[Condition, ...]:
    """Read a filter; see the grammar above.

    Raises:
        ReportParameterInvalid: it is none, or too long.
    """
    if len(text) > FILTER_CHARS_MAX or "\0" in text:
        raise ReportParameterInvalid(f"`filter` has at most {FILTER_CHARS_MAX} characters, and no NUL.")
    parts = [part for part in _split(text, ";") if part.strip()]
    if len(parts) > CONDITIONS_MAX:
        raise ReportParameterInvalid(f"`filter` has at most {CONDITIONS_MAX} conditions.")
    return tuple(_condition(part) for part in parts)


def _condition(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise ReportParameterInvalid(
            f"`filter`: {text[:80]!r} is no condition; write one as media_source=google_ads,meta_ads"
        )
    name, operator, values = match.groups()
    found = tuple(_plain(value).strip() for value in _split(values, ","))
    if len(found) > VALUES_MAX:
        raise ReportParameterInvalid(f"`filter` has at most {VALUES_MAX} values in a condition.")
    if "" in found and operator in {Operator.CONTAINS, Operator.CONTAINS_NOT}:
        raise ReportParameterInvalid("`filter`: everything contains an empty value; = compares with one.")
    return Condition(_dimension("filter", name), Operator(operator), found)


def _dimension(parameter: str, name: str) -> Dimension:
    try:
        return Dimension(name)
    except ValueError:
        raise ReportParameterInvalid(f"`{parameter}`: {name[:80]!r} is none of {', '.join(Dimension)}.") from None


def _split(text: str, separator: str) -> Iterator[str]:
    """Split at separators that no backslash stands before; backslashes stay."""
    part, is_escaped = "", False
    for character in text:
        if character == separator and not is_escaped:
            yield part
            part = ""
            continue
        part += character
        is_escaped = character == "\\" and not is_escaped
    yield part


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def parse_ages(text: str) -> tuple[int, ...]:
    """Read days after the install, separated by commas; they come back in order.

    Raises:
        ReportParameterInvalid: one is no such day, or there are too many.
    """
    try:
        ages = sorted({int(part) for part in text.split(",") if part.strip().isascii()})
    except ValueError:
        ages = []
    if not ages or len(ages) > AGES_MAX or not 0 <= ages[0] <= ages[-1] <= AGE_DAYS_MAX:
        raise ReportParameterInvalid(
            f"`days` has 1 to {AGES_MAX} whole numbers from 0 to {AGE_DAYS_MAX}, separated by commas."
        )
    return tuple(ages)


def dimension_names(dimensions: Sequence[Dimension]) -> list[str]:
    """Give plain names."""
    return [dimension.value for dimension in dimensions]
