"""Cursors of keyset paging: opaque to clients, two strings to us."""

import base64
import binascii
import re
from datetime import UTC, date, datetime
from uuid import UUID

import orjson

from schemas.problems import CursorInvalid

_CHARS_MAX = 1024
_ROW_DIGITS_MAX = 18
_STORED_TIME = re.compile(r"20\d\d-[01]\d-[0-3]\d [0-2]\d:[0-5]\d:[0-5]\d\.\d{3}", re.ASCII)


def write_cursor(time: str, identity: str) -> str:
    """Encode the position of the last row of a page."""
    return base64.urlsafe_b64encode(orjson.dumps([time, identity])).decode().rstrip("=")


def read_cursor(text: str) -> tuple[str, str]:
    """Decode a position.

    Raises:
        CursorInvalid: `write_cursor` did not make it.
    """
    try:
        if len(text) > _CHARS_MAX:
            raise CursorInvalid
        time, identity = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise CursorInvalid from error
    if not (isinstance(time, str) and isinstance(identity, str)):
        raise CursorInvalid
    return time, identity


def read_moment(text: str) -> tuple[datetime, str]:
    """Decode a position whose first part is a time (aware).

    Raises:
        CursorInvalid: see `read_cursor`.
    """
    time, identity = read_cursor(text)
    try:
        moment = datetime.fromisoformat(time)
        if moment.tzinfo is None or "\0" in identity:
            raise CursorInvalid
        return moment.astimezone(UTC), identity
    except (ValueError, OverflowError) as error:
        raise CursorInvalid from error


def read_moment_id(text: str) -> tuple[datetime, UUID]:
    """Decode a position of a time (aware) and a UUID.

    Raises:
        CursorInvalid: see `read_cursor`.
    """
    moment, identity = read_moment(text)
    try:
        return moment, UUID(identity)
    except ValueError as error:
        raise CursorInvalid from error


def read_stored_moment(text: str) -> tuple[str, str]:
    """Decode a position whose first part is a time as ClickHouse writes it.

    Raises:
        CursorInvalid: see `read_cursor`.
    """
    time, identity = read_cursor(text)
    if not _STORED_TIME.fullmatch(time) or "\0" in identity:
        raise CursorInvalid
    return time, identity


def read_day_word(text: str) -> tuple[date, str]:
    """Decode a position whose first part is a day.

    Raises:
        CursorInvalid: see `read_cursor`.
    """
    day, identity = read_cursor(text)
    try:
        if "\0" in identity:
            raise CursorInvalid
        return date.fromisoformat(day), identity
    except ValueError as error:
        raise CursorInvalid from error


def read_day(text: str) -> tuple[date, int]:
    """Decode a position of a day and the number of a row.

    Raises:
        CursorInvalid: see `read_cursor`.
    """
    day, identity = read_day_word(text)
    return day, _row(identity)


def read_word(text: str) -> str:
    """Decode a position that is a word alone, such as a tenant's id.

    Raises:
        CursorInvalid: see `read_cursor`.
    """
    return read_cursor(text)[1].replace("\0", "")


def read_row(text: str) -> int:
    """Decode a position that is the number of a row alone.

    Raises:
        CursorInvalid: see `read_cursor`.
    """
    return _row(read_cursor(text)[1])


def _row(identity: str) -> int:
    if not (identity.isascii() and identity.isdecimal() and len(identity) <= _ROW_DIGITS_MAX):
        raise CursorInvalid
    return int(identity)
