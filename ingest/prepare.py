"""From parsed events to the rows that the store will be sent, stamped, and the refusals.

Nearly all events are valid, so `_admit` handles the valid one fast and answers None to everything
else; what it refuses gets a second look, in which forgivable oddities (nulls, empty strings,
all-zero ids) are dropped and, if that does not help, every error is explained.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from struct import pack
from typing import Any

import orjson
from xxhash import xxh3_64_intdigest

from ingest.amounts import decimal_text
from ingest.click_ids import find_click_id
from ingest.rejections import find_errors, find_text_errors, known_id
from ingest.times import OTHER_TIMES, STORE_TIME_MAX, STORE_TIME_MIN, Window, event_window, millisecond_text
from ingest.validators import checks, field_names
from schemas.batches import ConversionRow, PreparedEvents, Rejection
from schemas.event_types import CONVERSION_TYPES
from schemas.ids import BatchId, TenantId
from schemas.limits import EVENT_BYTES_MAX, EVENT_NESTING_MAX
from schemas.problems import FieldError

ADVERTISING_IDS = ("gaid", "idfa", "idfv", "oaid")
ZERO_ID = "00000000-0000-0000-0000-000000000000"
USER_AGENT_CHARS_MAX = 2048

# A raw newline cannot occur inside JSON, so one stands unmistakably between two rows.
_NEWLINE = orjson.Fragment(b"\n")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the platform adds to every event of one request; `received_at` is aware."""

    tenant_id: TenantId
    batch_id: BatchId
    received_at: datetime
    ip: str
    user_agent: str


def prepare(events: list[Any], stamp: Stamp) -> PreparedEvents:
    """Check, normalise and stamp the events of one request. Every event is either a row or a rejection.

    Takes any JSON (and `BrokenLine`) and never raises for it; the events themselves stay unchanged.
    """
    window = event_window(stamp.received_at)
    stamped = {"received_at": millisecond_text(stamp.received_at), "batch_id": stamp.batch_id}
    connection = _connection(stamp)
    is_valid = checks()
    rows: list[dict[str, Any]] = []
    indexes: list[int] = []
    rejected: list[Rejection] = []
    for index, event in enumerate(events):
        row = _admit(event, is_valid, window)
        if row is None:
            cleaned = _cleaned(event)
            row = _admit(cleaned, is_valid, window)
            if row is None:
                rejected.append(_rejection(index, event, find_errors(index, cleaned, window)))
                continue
        if connection and row.get("platform") != "server":
            row = connection | row
        row.update(stamped)
        rows.append(row)
        indexes.append(index)
    text = _encode(rows)
    if text is None or _is_suspect(text):
        rows = _sift(events, rows, indexes, rejected)
        text = _encode(rows)
        assert text is not None
    return PreparedEvents(
        rows=text,
        count=len(rows),
        event_hashes=pack(f"<{len(rows)}Q", *[xxh3_64_intdigest(row["event_id"].encode()) for row in rows]),
        conversions=_conversions(rows, text),
        rejected=tuple(rejected),
    )


def _admit(event: Any, is_valid: dict[str, Callable[[Any], bool]], window: Window) -> dict[str, Any] | None:
    """Turn a valid event into its row; None for one that needs a second look."""
    try:
        if not is_valid[event["event_type"]](event):
            return None
        if not window.earliest <= datetime.fromisoformat(event["event_time"]) <= window.latest:
            return None
        for name in OTHER_TIMES:
            if name in event and not STORE_TIME_MIN <= datetime.fromisoformat(event[name]) <= STORE_TIME_MAX:
                return None
        return _normalised(event)
    except (LookupError, TypeError, ValueError):
        # No object, an unknown type, text that cannot be encoded, a date that no calendar has.
        return None


def _normalised(event: dict[str, Any]) -> dict[str, Any] | None:
    """Return the valid event's fields as the store takes them; None if it is nested too deeply."""
    row = event.copy()
    for name in ADVERTISING_IDS:
        if name in event:
            row[name] = event[name].lower()
    for name in ("properties", "consent"):
        if name in event:
            row[name] = text = orjson.dumps(event[name]).decode()
            if text.count("{") + text.count("[") >= EVENT_NESTING_MAX and _depth(event[name]) >= EVENT_NESTING_MAX:
                return None
    for name in ("revenue", "cost_value"):
        if name in event:
            row[name] = decimal_text(event[name])
    if "quantity" in event:
        row["quantity"] = int(event["quantity"])
    if event["event_type"] in CONVERSION_TYPES and "click_id" not in event and (click_id := find_click_id(event)):
        row["click_id"] = click_id
    return row


def _cleaned(event: Any) -> Any:
    """Drop the known fields that say nothing: null, empty, or the all-zero id that stands for a refusal."""
    if not isinstance(event, dict):
        return event
    known = field_names()
    return {
        name: value
        for name, value in event.items()
        if name not in known or not (value is None or value == "" or (name in ADVERTISING_IDS and value == ZERO_ID))
    }


def _depth(value: Any) -> int:
    """Count the levels of containers in `value`, without recursion."""
    depth = 0
    level = [value]
    while level := [part for part in level if isinstance(part, dict | list)]:
        depth += 1
        level = [child for part in level for child in (part.values() if isinstance(part, dict) else part)]
    return depth


def _connection(stamp: Stamp) -> dict[str, str]:
    """Return the defaults that the connection gives; its header may hold bytes that are no text."""
    user_agent = stamp.user_agent[:USER_AGENT_CHARS_MAX].encode("utf-8", "replace").decode().replace("\0", "")
    return {name: text for name, text in (("ip", stamp.ip), ("user_agent", user_agent)) if text}


def _encode(rows: list[dict[str, Any]]) -> bytes | None:
    """Write all rows as NDJSON in one call of the encoder; None if one of them cannot be encoded."""
    if not rows:
        return b""
    mixed: list[Any] = [_NEWLINE] * (2 * len(rows))
    mixed[::2] = rows
    try:
        text = orjson.dumps(mixed)
    except orjson.JSONEncodeError:
        return None
    return text[1:-3].replace(b",\n,", b"\n") + b"\n"


def _is_suspect(text: bytes) -> bool:
    """Tell whether some row may hold a NUL or be too long; may be wrong only by suspecting."""
    if b"\\u0000" in text:
        return True
    return len(text) > EVENT_BYTES_MAX and max(map(len, text.split(b"\n"))) > EVENT_BYTES_MAX


def _sift(
    events: list[Any], rows: list[dict[str, Any]], indexes: list[int], rejected: list[Rejection]
) -> list[dict[str, Any]]:
    """Return the rows whose events can be stored; add the others to `rejected`, kept in order."""
    kept = []
    for index, row in zip(indexes, rows, strict=True):
        if errors := find_text_errors(index, events[index]):
            rejected.append(_rejection(index, events[index], errors))
        else:
            kept.append(row)
    rejected.sort(key=lambda rejection: rejection.index)
    return kept


def _rejection(index: int, event: Any, errors: tuple[FieldError, ...]) -> Rejection:
    return Rejection(index, known_id(event), errors)


def _conversions(rows: list[dict[str, Any]], text: bytes) -> tuple[ConversionRow, ...]:
    positions = [position for position, row in enumerate(rows) if row["event_type"] in CONVERSION_TYPES]
    if not positions:
        return ()
    lines = text.split(b"\n")
    return tuple(
        ConversionRow(
            row=position,
            conversion_id=rows[position]["event_id"],
            conversion_type=rows[position]["event_type"],
            conversion_time=rows[position]["event_time"],
            event=lines[position],
        )
        for position in positions
    )
