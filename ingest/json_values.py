"""From the values of typed tables (Parquet) to the JSON forms that events have."""

import base64
import math
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any


def json_value(value: Any) -> Any:
    """Write a value as JSON has it.

    Times become RFC 3339 in UTC (one without a zone counts as UTC), decimals plain text, durations seconds, bytes
    text or, if they are none, base64; NaN counts as absent.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return str(value)


def _number(value: float) -> float | str | None:
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else str(value)


def _object(value: dict[Any, Any]) -> dict[str, Any]:
    return {str(key): json_value(member) for key, member in value.items()}


def _array(value: Iterable[Any]) -> list[Any]:
    return [json_value(member) for member in value]


def _moment(value: datetime) -> str:
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    precision = "microseconds" if utc.microsecond % 1000 else "milliseconds"
    return utc.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


_WRITERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (float, _number),
    (dict, _object),
    ((list, tuple), _array),
    # Before the date, which a datetime is too.
    (datetime, _moment),
    (Decimal, _plain),
    ((date, time), lambda value: value.isoformat()),
    (timedelta, timedelta.total_seconds),
    (bytes, _text),
)
