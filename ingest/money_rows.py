"""Lines of costs and of rates, checked one by one: what is wrong with which line, and how to mend it.

A file is CSV with a header, comma or semicolon between values, UTF-8. Columns are found by their names, or by those
that a mapping gives them; others are ignored.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar

import orjson

from schemas.money import CostLine, RateLine
from schemas.problem import FieldError
from schemas.report_problems import ReportParameterInvalid

_FIELDS = ("media_source", "campaign", "adset", "date", "app_id", "country", "cost", "currency", "rate")

LINES_MAX = 200_000
ERRORS_MAX = 100
"""Faults that an answer names; the others are counted."""

_TEXT_CHARS_MAX = 500
_FRACTION_DIGITS_MAX = 9
_RATE_DIGITS_MAX = 12
_AMOUNT_END = Decimal(10) ** 18
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

Line = TypeVar("Line", CostLine, RateLine)


class UnreadableLinesError(Exception):
    """The file as a whole cannot be read; the message says why."""


@dataclass(slots=True)
class CheckedLines(Generic[Line]):
    """What a file holds: good lines, the first faults (`index` is the line, the header being 1), and how many."""

    lines: list[Line] = field(default_factory=list)
    errors: list[FieldError] = field(default_factory=list)
    faulty: int = 0

    def fault(self, number: int, name: str, detail: str) -> None:
        """Note what is wrong with a line."""
        self.faulty += 1
        if len(self.errors) < ERRORS_MAX:
            self.errors.append(FieldError(number, f"/{name}", detail))


def read_costs(content: bytes, mapping: Mapping[str, str | None]) -> CheckedLines[CostLine]:
    """Read costs: media_source, campaign, adset, date, app_id, country, cost, currency.

    Raises:
        UnreadableLinesError: it is no CSV, or lacks a column.
    """
    return _checked(content, mapping, cost_line, ("media_source", "date", "cost", "currency"))


def read_rates(content: bytes, mapping: Mapping[str, str | None]) -> CheckedLines[RateLine]:
    """Read rates: date, currency, rate.

    Raises:
        UnreadableLinesError: it is no CSV, or lacks a column.
    """
    return _checked(content, mapping, rate_line, ("date", "currency", "rate"))


def parse_columns(text: str) -> dict[str, str | None]:
    """Read which column goes to which field: a JSON object; null leaves a column out.

    Raises:
        ReportParameterInvalid: it is none, or names a field that costs and rates do not have.
    """
    try:
        mapping = orjson.loads(text)
    except orjson.JSONDecodeError:
        mapping = None
    if not isinstance(mapping, dict) or not all(field is None or field in _FIELDS for field in mapping.values()):
        raise ReportParameterInvalid(
            f'`mapping` is a JSON object such as {{"Spend": "cost", "x": null}}; fields are {", ".join(_FIELDS)}.'
        )
    return mapping


def cost_line(values: Mapping[str, Any]) -> CostLine:
    """Check one cost, given as text by field.

    Raises:
        FieldFaultError: a field has a value that it cannot have.
    """
    source = _text(values, "media_source")
    if not source:
        raise FieldFaultError("media_source", "must not be empty")
    country = _text(values, "country").upper()
    if country and not _COUNTRY.fullmatch(country):
        raise FieldFaultError("country", "must be two letters, such as DE, or empty")
    return CostLine(
        media_source=source,
        campaign=_text(values, "campaign"),
        adset=_text(values, "adset"),
        day=_day(values),
        app_id=_text(values, "app_id"),
        country=country,
        currency=_currency(values),
        cost=_number(values, "cost", _FRACTION_DIGITS_MAX, least=Decimal(0)),
    )


def rate_line(values: Mapping[str, Any]) -> RateLine:
    """Check one rate, given as text by field.

    Raises:
        FieldFaultError: a field has a value that it cannot have.
    """
    rate = _number(values, "rate", _RATE_DIGITS_MAX, least=Decimal(0))
    if rate == 0 or rate >= Decimal(10) ** 12:
        raise FieldFaultError("rate", "must be more than 0 and less than a million millions")
    return RateLine(currency=_currency(values), day=_day(values), rate=rate)


class FieldFaultError(ValueError):
    """One field of a line cannot be taken."""

    def __init__(self, name: str, detail: str) -> None:
        """Name the field, and say what it must be."""
        super().__init__(f"{name} {detail}")
        self.name = name
        self.detail = detail


def _checked(
    content: bytes,
    mapping: Mapping[str, str | None],
    check: Callable[[Mapping[str, Any]], Line],
    needed: tuple[str, ...],
) -> CheckedLines[Line]:
    found: CheckedLines[Line] = CheckedLines()
    seen: dict[tuple[Any, ...], int] = {}
    for number, values in _rows(content, mapping, needed):
        try:
            line = check(values)
        except FieldFaultError as fault:
            found.fault(number, fault.name, fault.detail)
            continue
        first = seen.setdefault(line.key(), number)
        if first == number:
            found.lines.append(line)
        else:
            found.fault(number, "date", f"is of the same day and names as line {first}: each may come once")
    return found


def _rows(
    content: bytes, mapping: Mapping[str, str | None], needed: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableLinesError("The file is not UTF-8.") from error
    if "\0" in text:
        raise UnreadableLinesError("The file holds a NUL.")
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    try:
        columns = [name.strip() for name in next(reader, [])]
        unknown = mapping.keys() - set(columns)
        if unknown:
            raise UnreadableLinesError(f"The mapping names columns that are not there: {', '.join(sorted(unknown))}.")
        names = [mapping.get(column, column) for column in columns]
        missing = [name for name in needed if names.count(name) != 1]
        if missing:
            raise UnreadableLinesError(f"These columns must be there once: {', '.join(missing)}.")
        for row in reader:
            if not any(row):
                continue
            if reader.line_num > LINES_MAX:
                raise UnreadableLinesError(f"The file has more than {LINES_MAX:,} lines.")
            yield reader.line_num, {name: value for name, value in zip(names, row, strict=False) if name}
    except csv.Error as error:
        raise UnreadableLinesError(f"Line {reader.line_num} is no CSV: {error}.") from error


def _text(values: Mapping[str, Any], name: str) -> str:
    text = str(values.get(name) or "").strip()
    if len(text) > _TEXT_CHARS_MAX or "\0" in text:
        raise FieldFaultError(name, f"must have at most {_TEXT_CHARS_MAX} characters, and no NUL")
    return text


def _day(values: Mapping[str, Any]) -> date:
    text = _text(values, "date")
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise FieldFaultError("date", "must be a day such as 2026-11-30")


def _currency(values: Mapping[str, Any]) -> str:
    text = _text(values, "currency").upper()
    if not _CURRENCY.fullmatch(text):
        raise FieldFaultError("currency", "must be three letters of ISO 4217, such as EUR")
    return text


def _number(values: Mapping[str, Any], name: str, digits: int, *, least: Decimal) -> Decimal:
    text = _text(values, name)
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise FieldFaultError(name, "must be a number such as 12.50") from None
    if not number.is_finite() or not least <= number < _AMOUNT_END:
        raise FieldFaultError(name, "must be a number from 0 to below 10^18")
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    if -exponent > digits:
        raise FieldFaultError(name, f"must have at most {digits} digits after the point")
    # A zero can have any exponent, which would be written out.
    return number or Decimal(0)
