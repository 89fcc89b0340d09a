"""Why an event is refused: every error of it, as a pointer and a sentence that says how to mend it.

Nothing here is on the hot path, and nothing may raise, whatever JSON an event is. What is quoted
from the event is made printable and short first: it ends up in answers, logs and dead letters.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from typing import Any

import orjson
from jsonschema_rs import ValidationError, ValidationErrorKind

from ingest.nesting import nesting_levels
from ingest.parse import BrokenLine
from ingest.times import OTHER_TIMES, Window, time_fault
from ingest.validators import common_validator, field_names, validators
from schemas.event_types import EventType, event_schema
from schemas.limits import EVENT_BYTES_MAX, EVENT_ID_CHARS_MAX, EVENT_NESTING_MAX
from schemas.problem import FieldError

ERRORS_PER_EVENT_MAX = 10
QUOTED_CHARS_MAX = 60

STAMPED_FIELDS = frozenset({"tenant_id", "received_at", "batch_id", "schema_violation"})

_TIME_HINT = "must be an existing time with offset such as 2026-10-01T12:00:00.123Z (RFC 3339, at most 9 decimals)"
_MONEY_HINT = "must be a decimal of at most 18 integer and 9 fraction digits, without exponent, such as 9.99"
_CURRENCY_HINT = "must be three capital letters (ISO 4217), such as USD"
_HINTS = {
    "event_id": f"must be 1 to {EVENT_ID_CHARS_MAX} printable ASCII characters without spaces; a UUIDv7 is advised",
    **dict.fromkeys(("event_time", *OTHER_TIMES), _TIME_HINT),
    **dict.fromkeys(("revenue", "cost_value"), _MONEY_HINT),
    **dict.fromkeys(("currency", "cost_currency"), _CURRENCY_HINT),
    **dict.fromkeys(("gaid", "idfa", "idfv", "oaid"), "must be a UUID such as 38400000-8cf0-11bd-b23e-10b96e40000d"),
    "quantity": "must be a whole number from 0 to 4294967295",
}
_JSON_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}

_TYPE_NAMES = ", ".join(EventType)


class Fault(StrEnum):
    """Kinds of faults, by which dead letters are counted."""

    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    BROKEN_TEXT = "broken_text"
    REQUIRED = "required"
    UNKNOWN_FIELD = "unknown_field"
    IDENTITY_MISSING = "identity_missing"
    VALUE = "value"
    TIME = "time"
    SCHEMA = "schema_violation"


_Faults = Iterator[tuple[str, str, Fault]]
"""JSON Pointer, explanation, kind."""


def find_errors(index: int, event: Any, window: Window) -> tuple[FieldError, ...]:
    """Explain what is wrong with what stood at `index` of the request: at most 10 errors, none twice.

    The `code` of each is the kind of fault, for counting: one of `Fault`.
    """
    faults = dict.fromkeys(_faults(event, window))
    return tuple(FieldError(index, *fault) for fault in islice(faults, ERRORS_PER_EVENT_MAX))


def is_storable(event: dict[str, Any]) -> bool:
    """Tell whether the stores can hold an event that its schema allows: its text, depth and size."""
    return next(_text_faults(event), None) is None


def known_id(event: Any) -> str | None:
    """Return the event's id if it has one that can be shown."""
    event_id = event.get("event_id") if isinstance(event, dict) else None
    if isinstance(event_id, str) and 0 < len(event_id) <= EVENT_ID_CHARS_MAX and event_id.isprintable():
        return event_id
    return None


def _faults(event: Any, window: Window) -> _Faults:
    if isinstance(event, BrokenLine):
        yield "", event.detail, Fault.NOT_JSON
        return
    if not isinstance(event, dict):
        yield "", f"must be a JSON object, not {_json_name(event)}", Fault.NOT_AN_OBJECT
        return
    unstorable = list(_text_faults(event))
    yield from unstorable
    if unstorable:
        return
    malformed = list(_schema_faults(event))
    yield from malformed
    pointers = {pointer for pointer, _, _ in malformed}
    for name in ("event_time", *OTHER_TIMES):
        pointer = f"/{name}"
        if name in event and pointer not in pointers and (fault := time_fault(name, event[name], window)):
            yield pointer, fault, Fault.TIME


def _text_faults(event: dict[str, Any]) -> _Faults:
    try:
        size_bytes = len(orjson.dumps(event))
    except orjson.JSONEncodeError:
        size_bytes = 0
    if size_bytes > EVENT_BYTES_MAX:
        # Nothing else is said of it: to look through an event of any size would cost any time.
        yield "", f"has {size_bytes} bytes; an event may have {EVENT_BYTES_MAX}", Fault.TOO_LARGE
        return
    for name, value in event.items():
        # The depth comes first, because the encoder gives up on deep values.
        if nesting_levels(value) >= EVENT_NESTING_MAX:
            detail = f"is nested deeper than {EVENT_NESTING_MAX} levels, the event itself included"
            yield _pointer(name), detail, Fault.TOO_DEEP
        elif "\0" in name or any("\0" in text for text in strings_in(value)):
            yield _pointer(name), "holds a NUL character, which no store takes; strip it", Fault.BROKEN_TEXT
        elif (fault := _encoding_fault(name, value)) is not None:
            yield _pointer(name), fault, Fault.BROKEN_TEXT


def strings_in(value: Any) -> Iterator[str]:
    """Yield every key and every string in a value."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            waiting += part.keys()
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _encoding_fault(name: str, value: Any) -> str | None:
    try:
        orjson.dumps({name: value})
    except orjson.JSONEncodeError as error:
        if "surrogate" in str(error) or "UTF-8" in str(error):
            return "holds half of a character (a lone surrogate); cut strings between characters"
        return f"holds a number outside 64 bits; send it as a string ({error})"
    return None


def _schema_faults(event: dict[str, Any]) -> _Faults:
    event_type = event.get("event_type")
    validator = validators().get(event_type) if isinstance(event_type, str) else None
    for error in (validator or common_validator()).iter_errors(event):
        yield from _sentences(error, event, str(event_type) if validator else "every event")


def _sentences(error: ValidationError, event: dict[str, Any], whom: str) -> _Faults:
    pointer = "".join(map(_pointer, map(str, error.instance_path)))
    field = pointer.removeprefix("/")
    match error.kind:
        case ValidationErrorKind.Required(property=name):
            allowed = f": one of {_TYPE_NAMES}" if name == "event_type" else ""
            yield _pointer(name), f"is required for {whom}{allowed}", Fault.REQUIRED
        case ValidationErrorKind.AdditionalProperties(unexpected=names):
            yield from (
                (_pointer(name), _unknown_field(name), Fault.UNKNOWN_FIELD) for name in names[:ERRORS_PER_EVENT_MAX]
            )
        case ValidationErrorKind.AnyOf():
            alternatives = event_schema(EventType(whom))["anyOf"]
            listed = ", ".join(alternative["required"][0] for alternative in alternatives)
            yield "", f"needs at least one of {listed} for {whom}", Fault.IDENTITY_MISSING
        case ValidationErrorKind.Enum(options=options):
            yield pointer, _unlisted(field, event.get(field), [str(option) for option in options]), Fault.VALUE
        case ValidationErrorKind.Type(types=types) if field not in _HINTS:
            yield pointer, f"must be a JSON {' or '.join(types)}, not {_json_name(error.instance)}", Fault.VALUE
        case ValidationErrorKind.MaxLength(limit=limit) if field not in _HINTS:
            yield pointer, f"has more than {limit} characters", Fault.VALUE
        case _:
            yield pointer, _HINTS.get(field) or _shown(error.message), Fault.VALUE


def _unknown_field(name: str) -> str:
    if name in STAMPED_FIELDS:
        return "is stamped by the platform; leave it out"
    closest = _closest(name[:QUOTED_CHARS_MAX], field_names())
    question = f"; did you mean `{closest}`?" if closest else ""
    return f"is not a field of an event; put it under `properties`{question}"


def _unlisted(field: str, value: Any, options: list[str]) -> str:
    allowed = f"must be one of {', '.join(options)}"
    if not isinstance(value, str):
        return f"{allowed}, not {_json_name(value)}"
    if closest := _closest(value[:QUOTED_CHARS_MAX].lower(), frozenset(options)):
        return f"is `{_shown(value)}`; did you mean `{closest}`? It {allowed}"
    return f"is `{_shown(value)}`, but {allowed}" if field == "event_type" else allowed


@lru_cache(maxsize=1024)  # a client that errs, errs alike in every event
def _closest(name: str, candidates: frozenset[str]) -> str | None:
    matches = get_close_matches(name, sorted(candidates), n=1)
    return matches[0] if matches else None


def _json_name(value: Any) -> str:
    return _JSON_NAMES.get(type(value), "null")


def _pointer(name: str) -> str:
    return "/" + _shown(name).replace("~", "~0").replace("/", "~1")


def _shown(text: str) -> str:
    return text[:QUOTED_CHARS_MAX] if text.isprintable() else repr(text[:QUOTED_CHARS_MAX])[1:-1]
