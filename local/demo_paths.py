"""A file of conversion paths, played back as the events of people whose last clicks add up to the file's totals.

The file is a table as attribution tools publish their examples: one line a path (`a > b > c`), with how
often it led to a conversion, what those conversions were worth, and how often it led to none. Every one of
those journeys becomes a person with a device of their own: one touch for each step, and for a converting
journey one install that carries its share of the value. Odd steps from the end are clicks, the others
impressions, so that the last step always wins by the rules and each earlier one is an assist.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from uuid_utils import UUID, uuid5

_NAMESPACE = UUID("3f0d6c8e-5b1a-5f0e-9a57-6f2f6d0c1b11")
_COLUMNS = frozenset({"path", "total_conversions", "total_null"})
_VALUE_COLUMN = "total_conversion_value"
_STEP_SEPARATOR = " > "

_STEPS_MAX = 5_000
"""More steps would stand closer than 16 s, and clicks within 10 s are one."""

_STEP_CHARS_MAX = 255
"""A step becomes a media source, and that is the longest."""

_COUNT_DIGITS_MAX = 9
"""A larger count is a slip, and would play for hours."""

_VALUE_PLACES_MIN = 2
_VALUE_PLACES_MAX = 9
"""The event store keeps nine decimals of money."""

_VALUE_END = Decimal(10) ** 18
"""And eighteen digits before them."""

_STEP_GAP_MAX = timedelta(minutes=15)
_JOURNEY_MAX = timedelta(hours=23)
"""Impressions count for 24 hours: the first step must lie inside."""

_MARGIN = timedelta(hours=1)
_SPREAD_RATIO = 0.6180339887498949
"""The golden ratio's fraction: multiples of it, modulo 1, fill an interval evenly in any order."""

_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z


class PathsFileError(ValueError):
    """The file of conversion paths cannot be read; the message names the line and what is wrong with it."""


class LastTouchTotal(NamedTuple):
    """What one channel gets if all credit goes to the last touch."""

    installs: int
    value: Decimal


@dataclass(frozen=True, slots=True)
class ConversionPath:
    """One line of the file: `conversions` journeys worth `value` in all, and `nulls` that led to nothing."""

    line: int
    steps: tuple[str, ...]
    conversions: int
    value: Decimal | None
    nulls: int

    @property
    def journeys(self) -> int:
        """How many people went this way."""
        return self.conversions + self.nulls


@dataclass(frozen=True)
class PathsFile:
    """All paths of a file, with the totals that a progress bar and a check need."""

    paths: tuple[ConversionPath, ...]

    @cached_property
    def journeys_total(self) -> int:
        """Number of journeys, converting or not."""
        return sum(path.journeys for path in self.paths)

    @cached_property
    def conversions_total(self) -> int:
        """Number of installs."""
        return sum(path.conversions for path in self.paths)

    @cached_property
    def touches_total(self) -> int:
        """Number of clicks and impressions."""
        return sum(path.journeys * len(path.steps) for path in self.paths)

    @cached_property
    def events_total(self) -> int:
        """Number of events that `path_events` yields."""
        return self.touches_total + self.conversions_total


def read_paths(file: Path) -> PathsFile:
    """Read a file of conversion paths, `;` or `,` separated, in UTF-8.

    Columns: `path`, `total_conversions`, `total_null` and, if values are known, `total_conversion_value`
    (rounded to nine decimals, which is what the event store keeps).

    Raises:
        OSError: the file cannot be opened.
        PathsFileError: it is not such a table.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return parse_paths(lines)
    except UnicodeDecodeError as error:
        raise PathsFileError("the file is not UTF-8 text") from error


def parse_paths(lines: Iterable[str]) -> PathsFile:
    """Read conversion paths from lines of text; see `read_paths`.

    Raises:
        PathsFileError: the lines are not such a table.
    """
    remaining = iter(lines)
    header = next(remaining, "")
    delimiter = ";" if ";" in header else ","
    names = [name.strip().strip('"').lower() for name in header.split(delimiter)]
    missing = sorted(_COLUMNS - set(names))
    if missing:
        raise PathsFileError(f"line 1: the header lacks {', '.join(missing)}")
    reader = csv.reader(remaining, delimiter=delimiter, strict=True)
    try:
        return PathsFile(tuple(_path(reader.line_num + 1, names, fields) for fields in reader if fields))
    except csv.Error as error:
        raise PathsFileError(f"line {reader.line_num + 1}: {error}") from error


def path_events(
    file: PathsFile, *, app_id: str, now: datetime, spread: timedelta = timedelta(days=14), currency: str = "USD"
) -> Iterator[bytes]:
    """Yield the events of all journeys, `file.events_total` lines of NDJSON, each journey whole and in time order.

    All happen before `now` (with an offset), the journeys' ends evenly over `spread` before it. Event ids
    depend on line, path and journey alone: playing the same file again makes the same ids.
    """
    newest = now.replace(microsecond=0) - _MARGIN
    spread_seconds = spread.total_seconds()
    number = 0
    for path in file.paths:
        gap = min(_STEP_GAP_MAX, timedelta(seconds=int(_JOURNEY_MAX.total_seconds()) // len(path.steps)))
        shares = _shares(path)
        for journey in range(path.journeys):
            end = newest - timedelta(seconds=int(number * _SPREAD_RATIO % 1 * spread_seconds))
            number += 1
            name = f"{path.line}/{journey}/{_STEP_SEPARATOR.join(path.steps)}"
            person = {
                "app_id": app_id,
                "platform": "android",
                "device_id": str(uuid5(_NAMESPACE, f"device/{name}")),
                "gaid": str(uuid5(_NAMESPACE, f"gaid/{name}")),
            }
            yield from _touches(path.steps, name, person, end, gap)
            if journey < path.conversions:
                worth = {"revenue": f"{shares[journey]:f}", "currency": currency} if shares else {}
                yield _event(f"install/{name}", "install", end, person | worth)


def last_touch_totals(file: PathsFile) -> dict[str, LastTouchTotal]:
    """Count what each channel gets by last touch, in the order of names: the result to expect from attribution."""
    installs: dict[str, int] = {}
    values: dict[str, Decimal] = {}
    for path in file.paths:
        if path.conversions:
            last = path.steps[-1]
            installs[last] = installs.get(last, 0) + path.conversions
            values[last] = values.get(last, Decimal(0)) + (path.value or Decimal(0))
    return {channel: LastTouchTotal(installs[channel], values[channel]) for channel in sorted(installs)}


def _path(line: int, names: list[str], fields: list[str]) -> ConversionPath:
    if len(fields) != len(names):
        raise PathsFileError(f"line {line}: {len(fields)} fields where the header has {len(names)}")
    row = dict(zip(names, fields, strict=True))
    steps = tuple(step.strip() for step in row["path"].split(_STEP_SEPARATOR.strip()))
    if not all(steps):
        raise PathsFileError(f"line {line}: the path has an empty step")
    if max(map(len, steps)) > _STEP_CHARS_MAX:
        raise PathsFileError(f"line {line}: a step has more than {_STEP_CHARS_MAX} characters")
    if len(steps) > _STEPS_MAX:
        raise PathsFileError(f"line {line}: the path has {len(steps)} steps; {_STEPS_MAX} are the most")
    conversions = _count(line, row, "total_conversions")
    value = _value(line, row[_VALUE_COLUMN]) if _VALUE_COLUMN in row else None
    if value and not conversions:
        raise PathsFileError(f"line {line}: {_VALUE_COLUMN} is {value}, but no conversion is there to carry it")
    return ConversionPath(line, steps, conversions, value, _count(line, row, "total_null"))


def _count(line: int, row: dict[str, str], name: str) -> int:
    text = row[name].strip()
    if not (text.isascii() and text.isdigit() and len(text) <= _COUNT_DIGITS_MAX):
        raise PathsFileError(f"line {line}: {name} is {text!r}, not a whole number below a thousand million")
    return int(text)


def _value(line: int, text: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value.is_signed() or value >= _VALUE_END:
        raise PathsFileError(f"line {line}: {_VALUE_COLUMN} is {text.strip()!r}, not a decimal of zero or more")
    return value.quantize(Decimal(1).scaleb(-_places(value)))


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "only infinities have no exponent"
    return max(_VALUE_PLACES_MIN, min(-exponent, _VALUE_PLACES_MAX))


def _shares(path: ConversionPath) -> list[Decimal]:
    """Part a path's value over its conversions, to the value's own last decimal, so that the shares sum to it."""
    if path.value is None or not path.conversions:
        return []
    places = _places(path.value)
    share, over = divmod(int(path.value.scaleb(places)), path.conversions)
    return [Decimal(share + (place < over)).scaleb(-places) for place in range(path.conversions)]


def _touches(
    steps: tuple[str, ...], name: str, person: dict[str, str], end: datetime, gap: timedelta
) -> Iterator[bytes]:
    for place, channel in enumerate(steps):
        to_go = len(steps) - place
        kind = "click" if to_go % 2 else "impression"
        yield _event(f"{place}/{name}", kind, end - to_go * gap, person | {"media_source": channel})


def _event(name: str, kind: str, time: datetime, fields: dict[str, str]) -> bytes:
    event: dict[str, Any] = {"event_id": str(uuid5(_NAMESPACE, name)), "event_type": kind, "event_time": time}
    event.update(fields)
    return orjson.dumps(event, option=_OPTIONS)
