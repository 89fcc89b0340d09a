"""Reading values that may be anything: each function gives what a field of ours can hold, or None."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ingest.amounts import decimal_text

TEXT_CHARS_MAX = 255
LONG_TEXT_CHARS_MAX = 2048

_NUMBER_MAX = 2**63
_AMOUNT_MAX = 10**18
_AMOUNT = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,40})?", re.ASCII)
_AMOUNT_EXACT = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_QUANTITY_MAX = 2**32 - 1
_MILLISECONDS_FROM = 10**11
"""A number this large is a time in milliseconds: in seconds it would lie in the year 5138."""


def objects(holder: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give a member that is an object; an empty one in the place of anything else."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def text(value: Any, chars_max: int = TEXT_CHARS_MAX) -> str | None:
    """Give a string or a whole number as text that every store can hold, cut to a length."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _NUMBER_MAX:
        return str(value)
    if not isinstance(value, str):
        return None
    # Twice the length is enough of it, however much of that is lost.
    clean = value[: 2 * chars_max].replace("\0", "").encode("utf-8", "ignore").decode().strip()
    return clean[:chars_max] or None


def time(value: Any) -> datetime | None:
    """Read ISO 8601, in UTC where it names no zone, or the seconds or milliseconds since 1970."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value.strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) >= _MILLISECONDS_FROM else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def money(value: Any) -> str | None:
    """Write an amount, which may be a number or the text of one, as a decimal."""
    if isinstance(value, str) and _AMOUNT.fullmatch(plain := value.strip().removeprefix("+")):
        return plain if _AMOUNT_EXACT.fullmatch(plain) else decimal_text(float(plain))
    if isinstance(value, int | float) and not isinstance(value, bool) and -_AMOUNT_MAX < value < _AMOUNT_MAX:
        return decimal_text(value)
    return None


def negated(amount: str) -> str:
    """Make a decimal negative, whatever its sign: some write a refund as what was paid, others as what was lost."""
    return format(-abs(Decimal(amount)), "f") if Decimal(amount) else amount


def currency(value: Any) -> str | None:
    """Give an ISO 4217 code in capitals."""
    code = value.strip().upper() if isinstance(value, str) else ""
    return code if _CURRENCY.fullmatch(code) else None


def quantity(value: Any) -> int | None:
    """Give a whole number that is a count."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _QUANTITY_MAX
    return value if is_count else None
