"""Parameters that many routes have: their bounds, which are also what `/openapi.json` says of them."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from schemas.limits import PAGE_ROWS_MAX
from schemas.problems import ParameterInvalid
from telemetry.clock import utc_now

# Postgres takes no NUL in a text.
_NO_NUL = r"^[^\x00]*$"
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2299, 12, 31, tzinfo=UTC)
_SPAN_MAX = timedelta(days=400)

Word = Annotated[str, Field(max_length=1024, pattern=_NO_NUL)]
"""A text to look something up by."""

RowId = Annotated[int, Field(ge=0, le=2**63 - 1)]

Cursor = Annotated[str | None, Query(max_length=1024, description="The `next_cursor` of the page before, unchanged.")]

Limit = Annotated[int, Query(ge=1, le=PAGE_ROWS_MAX, description="Rows of a page.")]


def _written_out(text: object) -> str:
    """Refuse what would be read as seconds since 1970, and what a body may hold in the place of a text."""
    if not isinstance(text, str) or not _RFC_3339.match(text):
        raise ValueError("must be a time as in RFC 3339")
    return text


def _within_reach(time: datetime) -> datetime:
    """Move a time to where databases can compare it; no event lies beyond."""
    if time.year <= _EARLIEST.year:
        return _EARLIEST
    return _LATEST if time.year >= _LATEST.year else time


def asked_span(since: datetime | None, until: datetime | None, usually: timedelta) -> tuple[datetime, datetime]:
    """Complete a span of time: it ends with the minute that runs now if no end is asked for, and is `usually` so long.

    Raises:
        ParameterInvalid: it ends before it begins, or is too long.
    """
    until = until or utc_now() + timedelta(minutes=1)
    since = since or until - usually
    if not timedelta(0) < until - since <= _SPAN_MAX:
        raise ParameterInvalid(f"`to` must be after `from`, by {_SPAN_MAX.days} days at most.")
    return since, until


def _day_written_out(text: object) -> object:
    """Refuse what would be read as seconds since 1970."""
    if not (isinstance(text, date) or (isinstance(text, str) and _DAY.fullmatch(text))):
        raise ValueError("must be a day such as 2026-11-30")
    return text


Day = Annotated[date, BeforeValidator(_day_written_out)]

Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_within_reach)]
