"""From a request's decompressed body to a list of what should be events."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import orjson

from schemas.limits import EVENTS_PER_REQUEST_MAX
from schemas.problems import MediaTypeUnsupported, TooManyEvents, UnparseableBody

NDJSON_TYPES = frozenset({"application/x-ndjson", "application/ndjson"})
LENIENT_TYPES = frozenset({"", "application/json", "text/plain", "application/octet-stream"})
FORM_TYPE = "application/x-www-form-urlencoded"

_PROBED_LINES = 100
_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """Stands in the list for a line of NDJSON that is not JSON: it costs one event, not the batch.

    `line` is empty where it could not be kept.
    """

    detail: str
    line: bytes = b""


def parse_events(body: bytes, content_type: str | None, inherited: str | None = None) -> list[Any]:
    """Take one object, an array, `{"events": [...]}` or NDJSON apart; the content decides which.

    With `inherited`, that field of an `{"events": [...]}` envelope counts for each of its events.
    The members are any JSON, or `BrokenLine`; whether they are events is for `prepare` to say.
    An empty array yields an empty list.

    Raises:
        MediaTypeUnsupported: the content type is none that may hold JSON.
        UnparseableBody: it is empty or not JSON; the detail names line and column.
        TooManyEvents: it holds more than `EVENTS_PER_REQUEST_MAX`.
    """
    media_type = (content_type or "").partition(";")[0].strip().lower()
    text = stripped(body)
    # SDKs label JSON as a form to spare a browser's preflight request.
    is_json_form = media_type == FORM_TYPE and text[:1] in {b"{", b"["}
    if media_type not in NDJSON_TYPES and media_type not in LENIENT_TYPES and not is_json_form:
        raise MediaTypeUnsupported
    if not text:
        raise UnparseableBody("The body is empty.")
    if media_type in NDJSON_TYPES and text[:1] != b"[" and b"\n" in text:
        return _parse_lines(text)
    try:
        document = _loads(text)
    except ValueError as error:
        if text[:1] == b"{" and _is_ndjson(text):
            return _parse_lines(text)
        raise UnparseableBody(f"The body is not JSON: {error}.") from None
    return _members(document, inherited)


def stripped(body: bytes) -> bytes:
    """Take off what may stand around a body's JSON: a byte order mark and white space."""
    return body.removeprefix(b"\xef\xbb\xbf").strip()


def lines_of(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of NDJSON that are not blank, each with its number."""
    for number, line in enumerate(text.split(b"\n"), start=1):
        if line and not line.isspace():
            yield number, line


def _members(document: Any, inherited: str | None) -> list[Any]:
    if isinstance(document, dict):
        events = document.get("events")
        if not isinstance(events, list) or "event_type" in document:
            return [document]
        if inherited in document:
            common = {inherited: document[inherited]}
            events = [common | event if isinstance(event, dict) else event for event in events]
        document = events
    if not isinstance(document, list):
        raise UnparseableBody("The body is neither an object nor an array.")
    if len(document) > EVENTS_PER_REQUEST_MAX:
        raise TooManyEvents
    return document


def _is_ndjson(text: bytes) -> bool:
    """Tell JSON lines, some perhaps broken, from one broken document: a line of them stands for itself."""
    for line in text.split(b"\n", _PROBED_LINES)[:_PROBED_LINES]:
        try:
            if isinstance(orjson.loads(line), dict):
                return True
        except orjson.JSONDecodeError:
            continue
    return False


def _parse_lines(text: bytes) -> list[Any]:
    try:
        # A newline cannot stand inside a JSON value, so well-formed lines are the members of one array.
        events = orjson.loads(b"[%b]" % text.replace(b"\n", b","))
    except orjson.JSONDecodeError:
        return _parse_each_line(text)
    if len(events) > EVENTS_PER_REQUEST_MAX:
        raise TooManyEvents
    return cast("list[Any]", events)


def _parse_each_line(text: bytes) -> list[Any]:
    """Parse lines of which one or more are blank or broken."""
    events: list[Any] = []
    for number, line in lines_of(text):
        if len(events) == EVENTS_PER_REQUEST_MAX:
            raise TooManyEvents
        events.append(parse_line(line, number))
    return events


def parse_line(line: bytes, number: int) -> Any:
    """Parse a line of NDJSON: any JSON, or `BrokenLine`, which names the line by its number."""
    try:
        return _loads(line)
    except ValueError as error:
        detail = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        return BrokenLine(f"line {number} is not JSON: {detail}", line)


def _loads(text: bytes) -> Any:
    """Parse JSON, raising ValueError.

    An SDK that cuts a string in the middle of an emoji sends a lone surrogate. The fast parser
    refuses the whole body for it; the lenient one lets that event alone be rejected later.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if _LONE_SURROGATE.search(text) is None:
            raise
        try:
            return json.loads(text.decode(), parse_constant=_refuse_constant)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
