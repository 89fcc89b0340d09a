"""Events, valid and nearly so, and the stamp of the request that brings them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from ingest.prepare import Stamp, prepare
from schemas.batches import PreparedEvents
from schemas.event_types import EventType, event_schema
from schemas.ids import BatchId, TenantId
from schemas.problem import FieldError

RECEIVED_AT = datetime(2026, 10, 1, 12, 30, tzinfo=UTC)
STAMP = Stamp(TenantId("t123"), BatchId("018f3b1e-7b1a-7000-8000-00000000abcd"), RECEIVED_AT, "203.0.113.7", "okhttp/4")
ZERO_ID = "00000000-0000-0000-0000-000000000000"

UUIDS = st.uuids().map(str) | st.uuids().map(lambda value: str(value).upper())
TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2026, 10, 2), timezones=st.just(UTC)).map(datetime.isoformat)  # noqa: DTZ001 - hypothesis adds the zone
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n"), min_size=1, max_size=255)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(st.characters()), children, max_size=4),
    max_leaves=12,
)
AMOUNTS = (
    st.integers(-(10**18) + 1, 10**18 - 1)
    | st.floats(-1e17, 1e17)
    | st.decimals(-(10**17), 10**17, places=9).map(lambda value: format(value, "f"))
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "platform": st.sampled_from(["ios", "android", "web", "ctv", "pc", "server"]),
    "app_id": TEXTS,
    "device_id": TEXTS,
    "gaid": UUIDS,
    "idfa": UUIDS,
    "user_id": TEXTS,
    "anonymous_id": TEXTS,
    "user_agent": TEXTS,
    "event_name": TEXTS,
    "revenue": AMOUNTS,
    "currency": st.sampled_from(["USD", "EUR"]),
    "quantity": st.integers(0, 2**32 - 1),
    "click_time": TIMES,
    "install_referrer": TEXTS,
    "consent": st.dictionaries(TEXTS, st.booleans(), max_size=3),
    "properties": st.dictionaries(TEXTS, st.integers(-(2**53), 2**53) | TEXTS, max_size=3),
}
JUNK: st.SearchStrategy[Any] = (
    st.sampled_from(["", " ", "\0", "\ud800", ZERO_ID, "usd", "1e3", "2026-10-01", "x" * 300, 10**30, 1.5, True, None])
    | JSON
)


def minimal(event_type: EventType, /, **fields: Any) -> dict[str, Any]:
    """Return the schema's own example of a type, with `fields` set."""
    example: dict[str, Any] = event_schema(event_type)["examples"][0]
    return example | fields


def at(delta: timedelta) -> str:
    """Write the time `delta` after the request's arrival."""
    return (RECEIVED_AT + delta).isoformat()


def prepare_one(event: Any) -> PreparedEvents:
    """Prepare a request of one event."""
    return prepare([event], STAMP)


def errors_of(event: Any) -> tuple[FieldError, ...]:
    """Return why an event is rejected; it must be."""
    prepared = prepare_one(event)
    assert (prepared.count, prepared.rows) == (0, b"")
    return prepared.rejected[0].errors


def events() -> st.SearchStrategy[dict[str, Any]]:
    """Generate events that are valid."""
    optional = st.fixed_dictionaries({}, optional=FIELDS)
    return st.builds(
        lambda event_type, event_time, fields: fields | minimal(event_type, event_time=event_time),
        st.sampled_from(EventType),
        TIMES,
        optional,
    )


def nearly_events() -> st.SearchStrategy[Any]:
    """Generate events of which a field may be missing, unknown or of any value."""
    names = st.sampled_from([*FIELDS, "event_id", "event_type", "event_time", "tenant_id"]) | st.text(st.characters())
    changes = st.dictionaries(names, JUNK, max_size=3)
    lost = st.sets(st.sampled_from(["event_id", "event_type", "event_time", "user_id", "currency"]), max_size=1)
    return st.builds(
        lambda event, change, gone: {name: value for name, value in (event | change).items() if name not in gone},
        events(),
        changes,
        lost,
    )
