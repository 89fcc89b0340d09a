"""From parsed events to the rows that the store will be sent, stamped, and the refusals.

Nearly all events are valid, so `_admit` handles the valid one fast and answers None to everything
else; what it refuses gets a second look, in which forgivable oddities (nulls, empty strings,
all-zero ids) are dropped and, if that does not help, every error is explained.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from struct import pack
from types import MappingProxyType
from typing import Any

import orjson
from xxhash import xxh3_64_intdigest

from ingest.amounts import decimal_text
from ingest.click_ids import find_click_id
from ingest.conversions import DEFAULT_TESTS, ConversionTest
from ingest.dead_letters import Originals
from ingest.nesting import nesting_levels
from ingest.property_checks import PropertyCheck
from ingest.rejections import ERRORS_PER_EVENT_MAX, Fault, find_errors, is_storable, known_id
from ingest.times import OTHER_TIMES, STORE_TIME_MAX, STORE_TIME_MIN, Window, event_window, millisecond_text
from ingest.validators import checks, field_names
from schemas.batches import ConversionRow, PreparedEvents, Rejection
from schemas.event_types import CONVERSION_TYPES, EventType
from schemas.ids import BatchId, TenantId
from schemas.limits import EVENT_BYTES_MAX, EVENT_NESTING_MAX
from schemas.problem import FieldError

ADVERTISING_IDS = ("gaid", "idfa", "idfv", "oaid")
ZERO_ID = "00000000-0000-0000-0000-000000000000"
USER_AGENT_CHARS_MAX = 2048


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the platform adds to every event of one request; `received_at` is aware."""

    tenant_id: TenantId
    batch_id: BatchId
    received_at: datetime
    ip: str
    user_agent: str


def prepare(
    events: list[Any],
    stamp: Stamp,
    property_checks: Mapping[str, PropertyCheck] = MappingProxyType({}),
    text: bytes = b"",
    conversion_tests: Mapping[str, ConversionTest] = DEFAULT_TESTS,
) -> PreparedEvents:
    """Check, normalise and stamp the events of one request. Every event is either a row or a rejection.

    `property_checks` are the tenant's own schemas by `event_name`; they apply to in-app events. `text` is the body
    that the events were parsed from, if they are as they stood in it. `conversion_tests` say by type which events are
    conversions.
    Takes any JSON (and `BrokenLine`) and never raises for it; the events themselves stay unchanged.
    """
    is_valid = checks()
    window = event_window(stamp.received_at)
    endings = _row_endings(stamp)
    originals = Originals(events, text)
    rows: list[bytes] = []
    hashes: list[int] = []
    conversions: list[ConversionRow] = []
    rejected: list[Rejection] = []
    for index, sent in enumerate(events):
        event = sent
        row = _admit(event, is_valid, window, endings)
        if row is None:
            event = _cleaned(sent)
            row = _admit(event, is_valid, window, endings)
            if row is None:
                errors = find_errors(index, event, window)
                rejected.append(Rejection(index, known_id(sent), errors, originals.raw(index)))
                continue
        event_id = event["event_id"]
        kind = event["event_type"]
        if property_checks and kind == EventType.IN_APP and (check := property_checks.get(event["event_name"])):
            violations = tuple(FieldError(index, *each, Fault.SCHEMA) for each in _violations(check, event))
            if violations and check.rejects:
                rejected.append(Rejection(index, event_id, violations, originals.raw(index)))
                continue
            if violations:
                row = _marked(row, violations[0])
        if (converts := conversion_tests.get(kind)) and converts(event):
            conversions.append(ConversionRow(len(rows), event_id, kind, event["event_time"], row[:-1]))
        rows.append(row)
        hashes.append(xxh3_64_intdigest(event_id.encode()))
    return PreparedEvents(
        batch_id=stamp.batch_id,
        received=len(events),
        rows=b"".join(rows),
        count=len(rows),
        event_hashes=pack(f"<{len(hashes)}Q", *hashes),
        conversions=tuple(conversions),
        rejected=tuple(rejected),
    )


def _admit(
    event: Any, is_valid: dict[str, Callable[[Any], bool]], window: Window, endings: tuple[bytes, ...]
) -> bytes | None:
    """Turn a valid event into its row, closing newline included; None for one that needs a second look."""
    try:
        if not is_valid[event["event_type"]](event):
            return None
        if not window.earliest <= datetime.fromisoformat(event["event_time"]) <= window.latest:
            return None
        for name in OTHER_TIMES:
            if name in event and not STORE_TIME_MIN <= datetime.fromisoformat(event[name]) <= STORE_TIME_MAX:
                return None
        row = _normalised(event)
        text = orjson.dumps(row)
        # Suspicions only: the row is longer than the event, and strings may hold what looks like a NUL or a brace.
        # To find a byte takes a fifth of what counting it takes, or finding several, and most rows have none of these.
        looks_unstorable = len(text) > EVENT_BYTES_MAX or (b"\\" in text and b"\\u0000" in text)
        is_flat = text.find(b"{", 1) < 0 and text.find(b"[") < 0
        looks_deep = not is_flat and text.count(b"{") + text.count(b"[") > EVENT_NESTING_MAX
        if (looks_unstorable and not is_storable(event)) or (looks_deep and nesting_levels(event) > EVENT_NESTING_MAX):
            return None
    except (LookupError, TypeError, ValueError):
        # No object, an unknown type, text that cannot be encoded, a date that no calendar has.
        return None
    on_device = row.get("platform") != "server"
    return text[:-1] + endings[(on_device and "ip" not in row) + 2 * (on_device and "user_agent" not in row)]


def _normalised(event: dict[str, Any]) -> dict[str, Any]:
    """Return the valid event's fields as the store takes them."""
    row = event.copy()
    for name in ADVERTISING_IDS:
        if name in event:
            row[name] = event[name].lower()
    for name in ("properties", "consent"):
        if name in event:
            row[name] = orjson.dumps(event[name]).decode()
    for name in ("revenue", "cost_value"):
        if name in event:
            row[name] = decimal_text(event[name])
    if "quantity" in event:
        row["quantity"] = int(event["quantity"])
    kind = event["event_type"]
    may_carry_click = kind in CONVERSION_TYPES or ("deep_link" in event and kind == EventType.SESSION)
    if may_carry_click and "click_id" not in event and (click_id := find_click_id(event)):
        row["click_id"] = click_id
    return row


def _violations(check: PropertyCheck, event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    properties = event.get("properties", {})
    if not check.validator.is_valid(properties):
        yield from islice(check.violations(properties), ERRORS_PER_EVENT_MAX)


def _marked(row: bytes, violation: FieldError) -> bytes:
    """Add to a row what of the tenant's own schema it violates."""
    mark = orjson.dumps({"schema_violation": f"{violation.pointer} {violation.detail}"})
    return row[:-2] + b"," + mark[1:] + b"\n"


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


def _row_endings(stamp: Stamp) -> tuple[bytes, ...]:
    """Make the four endings a row can get: the stamp, with bit 0 also the `ip`, with bit 1 the `user_agent`."""
    # A header may hold bytes that are no text.
    user_agent = stamp.user_agent[:USER_AGENT_CHARS_MAX].encode("utf-8", "replace").decode().replace("\0", "")
    stamped = {"received_at": millisecond_text(stamp.received_at), "batch_id": stamp.batch_id}
    ip = {"ip": stamp.ip} if stamp.ip else {}
    agent = {"user_agent": user_agent} if user_agent else {}
    endings = (stamped, stamped | ip, stamped | agent, stamped | ip | agent)
    # The row's own closing brace makes way for a comma and the ending's fields.
    return tuple(b"," + orjson.dumps(ending)[1:] + b"\n" for ending in endings)
