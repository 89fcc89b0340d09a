"""Messages as Segment's and RudderStack's SDKs send them, and nearly so."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from ingest.segment import segment_events
from tests.unit.ingest.cases import JSON, JUNK, RECEIVED_AT

PHONE = {
    "app": {"namespace": "com.example.shop", "version": "2.1", "build": "7"},
    "device": {
        "id": "d-1",
        "model": "iPhone17,1",
        "type": "ios",
        "advertisingId": "EA7583CD-A667-48BC-B806-42ECB2B48606",
        "adTrackingEnabled": True,
    },
    "os": {"name": "iOS", "version": "18.1"},
    "library": {"name": "analytics-swift", "version": "1.5.0"},
    "locale": "de-DE",
    "ip": "203.0.113.9",
    "userAgent": "Shop/2.1",
    "campaign": {"source": "news", "name": "spring", "medium": "email", "content": "top", "term": "shoes"},
    "timezone": "Europe/Berlin",
    "traits": {"email": "a@example.com"},
}
"""A context that fills every field."""

NAMES = st.sampled_from(
    ["Order Completed", "Order Refunded", "Application Installed", "Application Opened", "Install Attributed", "Won"]
)
CALL_NAMES = st.sampled_from(["track", "identify", "page", "screen", "group", "alias"])


def message(call: str = "track", /, **fields: Any) -> dict[str, Any]:
    """Make a message that names all who can be named."""
    named = {"event": "Level Completed"} if call == "track" else {}
    return {"type": call, "messageId": "m-1", "userId": "u-1", "anonymousId": "a-1", **named, **fields}


def mapped(sent: Any, call: str | None = None) -> Any:
    """Map one message."""
    return segment_events([sent], call, RECEIVED_AT)[0]


def moment(seconds: float) -> str:
    """Write a time relative to the arrival as the SDKs do."""
    return (RECEIVED_AT + timedelta(seconds=seconds)).isoformat()


def messages() -> st.SearchStrategy[Any]:
    """Generate messages of which any part may be anything."""
    times = st.datetimes(datetime(2026, 8, 1), datetime(2026, 10, 1)).map(datetime.isoformat)  # noqa: DTZ001 - SDKs leave zones out
    properties = st.fixed_dictionaries(
        {},
        optional={
            "revenue": JUNK | st.floats(-1e20, 1e20),
            "total": st.sampled_from(["5", "59.970000000000006", "-0", "999999999999999999.9999999999", "٣"]) | JUNK,
            "currency": st.sampled_from(["usd", "EUR", "€", "US"]) | JUNK,
            "quantity": JUNK,
            "url": JUNK,
            "campaign": JUNK | st.dictionaries(st.sampled_from(["source", "name", "ad_group"]), JUNK),
        },
    )
    context = st.fixed_dictionaries(
        {},
        optional={part: st.just(value) | JUNK for part, value in PHONE.items()}
        | {
            "page": st.fixed_dictionaries(
                {"url": st.sampled_from(["https://x/?gclid=1&click_id=%00", "http://[?"]) | JUNK}
            )
        },
    )
    fields = {
        "event": NAMES | JUNK,
        "messageId": st.sampled_from(["m 1", "m" * 101, "é"]) | JUNK,
        "userId": st.just("u-1") | JUNK,
        "anonymousId": st.just("a-1") | JUNK,
        "timestamp": times | JUNK,
        "originalTimestamp": times | JUNK,
        "sentAt": times | JUNK | st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]),
        "properties": properties | JSON,
        "traits": properties | JSON,
        "context": context | JSON,
    }
    return st.fixed_dictionaries({"type": CALL_NAMES | JUNK}, optional=fields) | JSON
