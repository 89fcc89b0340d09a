"""Segment's messages as our events."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.prepare import prepare
from ingest.segment import Envelope, messages_of, to_event
from ingest.segment_tables import KINDS
from tests.unit.ingest.cases import JSON, STAMP

NOW = STAMP.received_at
ENVELOPE = Envelope(NOW)


def message(**fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Level Up", "messageId": "m-1", "anonymousId": "a-1"} | fields


def mapped(**fields: Any) -> dict[str, Any]:
    """Map a message, and check that `prepare` takes what came of it."""
    event = to_event(message(**fields), ENVELOPE)
    prepared = prepare([event], STAMP)
    assert not prepared.rejected, prepared.rejected
    row: dict[str, Any] = orjson.loads(prepared.rows)
    return row


def test_a_tracked_event_is_in_app() -> None:
    """Name, ids and properties are where ours are; who has no device id has the anonymous one."""
    row = mapped(userId="u-1", properties={"level": 3})
    assert (row["event_type"], row["event_name"], row["event_id"]) == ("in_app", "Level Up", "m-1")
    assert (row["user_id"], row["anonymous_id"], row["device_id"]) == ("u-1", "a-1", "a-1")
    assert orjson.loads(row["properties"]) == {"level": 3}


@pytest.mark.parametrize(
    ("name", "event_type"),
    [
        ("Application Installed", "install"),
        ("application opened", "session"),
        ("Application Uninstalled", "uninstall"),
        ("Install Attributed", "in_app"),
        ("Product Added", "in_app"),
    ],
)
def test_names_of_the_specs(name: str, event_type: str) -> None:
    """The mobile spec's names become our types."""
    row = mapped(event=name, context={"os": {"name": "iOS"}, "device": {"id": "d-1"}})
    assert (row["event_type"], row["platform"], row["device_id"]) == (event_type, "ios", "d-1")


@pytest.mark.parametrize(
    ("name", "properties", "revenue", "currency"),
    [
        ("Order Completed", {"revenue": 25, "currency": "eur"}, "25", "EUR"),
        ("Order Completed", {"total": "27.50"}, "27.5", "USD"),
        ("Order Completed", {"revenue": 0.1 + 0.2}, "0.3", "USD"),
        ("Order Refunded", {"total": 30, "currency": "EUR"}, "-30", "EUR"),
    ],
)
def test_orders(name: str, properties: dict[str, Any], revenue: str, currency: str) -> None:
    """Purchases with what they came to; a refund is below zero, and dollars are what the spec assumes."""
    row = mapped(event=name, properties=properties | {"order_id": "o-1"})
    assert (row["event_type"], row["revenue"], row["currency"], row["order_id"]) == (
        "purchase", revenue, currency, "o-1"
    )  # fmt: skip


@pytest.mark.parametrize("properties", [{}, {"revenue": "a lot"}, {"revenue": 5, "currency": "euro"}, {"revenue": []}])
def test_an_order_without_a_usable_amount(properties: dict[str, Any]) -> None:
    """An in-app event, with everything it said."""
    row = mapped(event="Order Completed", properties=properties | {"order_id": "o-1"})
    assert (row["event_type"], row["event_name"]) == ("in_app", "Order Completed")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "identify", "userId": "u", "traits": {"plan": "pro"}}, {"event_type": "identify", "user_id": "u"}),
        ({"type": "identify"}, {"event_type": "in_app", "event_name": "identify"}),
        ({"type": "i", "userId": "u", "anonymousId": None}, {"event_type": "in_app", "event_name": "identify"}),
        ({"type": "page", "name": "Home"}, {"event_type": "in_app", "event_name": "page"}),
        ({"type": "screen", "name": "Shop"}, {"event_type": "in_app", "event_name": "screen"}),
        ({"type": "group", "groupId": "g", "traits": {"seats": 3}}, {"event_type": "in_app", "event_name": "group"}),
        ({"type": "alias", "previousId": "p", "userId": "u"}, {"event_type": "in_app", "event_name": "alias"}),
    ],
)
def test_other_kinds(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    """Each kind of message has its place."""
    row = mapped(**fields)
    assert {name: row[name] for name in expected} == expected


def test_context() -> None:
    """Device, app, campaign, page and library are read; an id whose tracking is refused is not."""
    context = {
        "app": {"namespace": "com.example", "version": "1.2"},
        "os": {"name": "Android", "version": "15"},
        "device": {"id": "d", "advertisingId": "38400000-8CF0-11BD-B23E-10B96E40000D", "model": "Pixel 9"},
        "campaign": {"source": "google", "medium": "cpc", "name": "spring", "content": "video", "term": "shoes"},
        "page": {"url": "https://example.com/?gclid=G1&x=1"},
        "library": {"name": "analytics-android", "version": "4.11"},
        "locale": "de-DE",
    }
    row = mapped(context=context)
    expected = {
        "app_id": "com.example", "app_version": "1.2", "os_version": "15", "device_model": "Pixel 9",
        "gaid": "38400000-8cf0-11bd-b23e-10b96e40000d", "media_source": "google", "channel": "cpc",
        "campaign": "spring", "ad": "video", "keyword": "shoes", "gclid": "G1", "language": "de-DE",
        "sdk_version": "analytics-android 4.11",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    context["device"] = {"advertisingId": "38400000-8CF0-11BD-B23E-10B96E40000D", "adTrackingEnabled": False}
    assert "gaid" not in mapped(context=context)


def test_a_wrong_clock_is_corrected() -> None:
    """Sent an hour ahead of our clock: what happened a minute before it was sent, happened a minute ago."""
    ahead = NOW + timedelta(hours=1)
    event = to_event(
        message(timestamp=(ahead - timedelta(minutes=1)).isoformat()), Envelope(NOW, sent_at=ahead.isoformat())
    )
    assert datetime.fromisoformat(event["event_time"]) == NOW - timedelta(minutes=1)


def test_without_an_id_the_same_message_has_the_same() -> None:
    """Equal whenever it is sent, different for another message."""
    first, again, other = (
        to_event(message(messageId=None, **fields), ENVELOPE)["event_id"]
        for fields in ({"sentAt": "2026-01-01"}, {"sentAt": "2026-01-02"}, {"event": "x"})
    )
    assert first == again != other


def test_what_cannot_be_read_costs_nothing_else() -> None:
    """Numbers as ids, objects as names, oversized text: cut or left out, and still an event."""
    row = mapped(userId=7, context={"locale": "x" * 999, "app": "none", "device": []}, messageId="two words")
    assert (row["user_id"], len(row["language"]), row["event_id"][:4]) == ("7", 255, "seg-")


def test_takes_a_batch_apart() -> None:
    """Every message of a batch, with its time and context; one message on every other path, of the path's kind."""
    document = {"batch": [{"a": 1}, 2], "sentAt": "2026-01-01T00:00:00Z", "context": {"locale": "de"}}
    messages, envelope = messages_of(document, "batch", NOW)
    assert (messages, envelope.sent_at, envelope.context) == ([{"a": 1}, 2], document["sentAt"], document["context"])
    assert messages_of({"event": "x"}, "t", NOW)[0] == [{"event": "x", "type": "t"}]
    assert messages_of([1], "batch", NOW)[0] == [[1]]


@given(
    st.sampled_from([*KINDS, "batch", "import"]),
    st.one_of(JSON, st.fixed_dictionaries({"batch": st.lists(JSON | st.dictionaries(
        st.sampled_from(["type", "event", "userId", "context", "properties", "traits", "messageId", "timestamp"]), JSON
    ))})),
)  # fmt: skip
def test_nothing_breaks_it(kind: str, document: Any) -> None:
    """Whatever comes: each message is an event, and each event is a row or a rejection with a pointer."""
    messages, envelope = messages_of(document, kind, NOW)
    prepared = prepare([to_event(each, envelope) for each in messages], STAMP)
    assert prepared.count + len(prepared.rejected) == len(messages)
