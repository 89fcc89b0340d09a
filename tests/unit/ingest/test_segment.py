"""Segment's messages as events."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.prepare import prepare
from ingest.segment import segment_events, write_keys
from schemas.limits import EVENTS_PER_REQUEST_MAX
from schemas.problems import TooManyEvents, UnparseableBody
from tests.unit.ingest.cases import JSON, RECEIVED_AT, STAMP, ZERO_ID
from tests.unit.ingest.segment_cases import PHONE, mapped, message, messages, moment

IOS = {"os": {"name": "iOS"}}


@given(st.lists(messages(), max_size=3), st.sampled_from([None, "track", "identify", "page"]))
def test_whatever_comes_is_a_row_or_a_rejection_that_says_why(sent: list[Any], call: str | None) -> None:
    """Each message is stored or rejected with a pointer, whatever it is, and a repetition gets the same id."""
    document = {"batch": sent, "sentAt": moment(0)}
    events = segment_events([document], call, RECEIVED_AT)
    prepared = prepare(events, STAMP)
    assert prepared.count + len(prepared.rejected) == len(sent)
    assert all(rejection.errors for rejection in prepared.rejected)
    again = segment_events([document | {"sentAt": moment(60)}], call, RECEIVED_AT)
    assert [known(each) for each in again] == [known(each) for each in events]


def known(event: Any) -> Any:
    return event["event_id"] if isinstance(event, dict) else event


@given(JSON)
def test_any_body_is_taken_or_refused(document: Any) -> None:
    """A body is a list of events or a 400, and looking for its key fails for none."""
    assert all(write_keys([document]))
    try:
        events = segment_events([document], None, RECEIVED_AT)
    except UnparseableBody:
        assert isinstance(document, dict)
    else:
        prepare(events, STAMP)


@given(st.sampled_from(["track", "identify", "page", "screen", "group", "alias"]), st.text(min_size=1), messages())
def test_a_message_that_names_somebody_is_always_stored(call: str, name: str, other: Any) -> None:
    """Whatever else a context holds, a message with a name and a person is an event."""
    context = other.get("context", {}) if isinstance(other, dict) else {}
    event = mapped(message(call, event=f"x{name}", context=context if shallow(context) else {}))
    assert prepare([event], STAMP).count == 1


def shallow(context: Any) -> bool:
    """Tell whether what has no field here can be stored among the properties."""
    try:
        return b"\\u0000" not in orjson.dumps(context)
    except orjson.JSONEncodeError:
        return False


def test_every_part_of_the_context() -> None:
    """A telephone's context fills the fields; what has none is kept, except what belongs to a person."""
    event = mapped(message(context=PHONE, properties={"level": 3}, timestamp=moment(-60)))
    assert event == {
        "event_id": "m-1",
        "event_type": "in_app",
        "event_name": "Level Completed",
        "event_time": "2026-10-01T12:29:00.000Z",
        "user_id": "u-1",
        "anonymous_id": "a-1",
        "device_id": "d-1",
        "platform": "ios",
        "app_id": "com.example.shop",
        "app_version": "2.1",
        "sdk_version": "analytics-swift/1.5.0",
        "os_version": "18.1",
        "device_model": "iPhone17,1",
        "language": "de-DE",
        "idfa": "EA7583CD-A667-48BC-B806-42ECB2B48606",
        "ip": "203.0.113.9",
        "user_agent": "Shop/2.1",
        "media_source": "news",
        "campaign": "spring",
        "channel": "email",
        "ad": "top",
        "keyword": "shoes",
        "properties": {"level": 3, "context": {"timezone": "Europe/Berlin"}},
    }


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (message(event="Application Installed", context=IOS), {"event_type": "install", "platform": "ios"}),
        (message(event="Application Installed"), {"event_type": "in_app", "event_name": "Application Installed"}),
        (
            message(event="application opened", properties={"url": "shop://p/7"}),
            {"event_type": "session", "deep_link": "shop://p/7"},
        ),
        (message(event="Application Uninstalled"), {"event_type": "uninstall"}),
        (
            message(event="Install Attributed", properties={"campaign": {"source": "net", "ad_group": "g"}}),
            {"event_type": "in_app", "event_name": "Install Attributed", "media_source": "net", "adset": "g"},
        ),
        (message("identify", traits={"plan": "pro"}), {"event_type": "identify", "properties": {"plan": "pro"}}),
        (message("identify", context={"traits": {"plan": "pro"}}), {"properties": {"plan": "pro"}}),
        (message("identify", userId=None), {"event_type": "in_app", "event_name": "identify"}),
        (message("page", name="Home"), {"event_type": "in_app", "event_name": "page", "properties": {"name": "Home"}}),
        (message("screen"), {"event_type": "in_app", "event_name": "screen"}),
        (message("group", groupId="g-1"), {"event_name": "group", "properties": {"groupId": "g-1"}}),
        (message("alias", previousId="old"), {"event_name": "alias", "properties": {"previousId": "old"}}),
        (message(userId=42), {"user_id": "42"}),
        (message(userId={"id": 1}), {"user_id": None}),
        (message(anonymousId="x" * 300), {"device_id": "x" * 255}),
        (message(properties=[1]), {"properties": {"properties": [1]}}),
    ],
)
def test_types(sent: dict[str, Any], expected: dict[str, Any]) -> None:
    """The specification's names become our types where our schema takes them, and in-app events where not."""
    event = mapped(sent)
    assert {name: event.get(name) for name in expected} == expected
    assert prepare([event], STAMP).count == 1


@pytest.mark.parametrize(
    ("name", "properties", "expected"),
    [
        ("Order Completed", {"revenue": 9.5, "total": 12, "currency": "usd"}, ("purchase", "9.5", "USD")),
        ("Order Completed", {"total": "59.970000000000006", "currency": "EUR"}, ("purchase", "59.97", "EUR")),
        ("Order Completed", {"revenue": 0, "currency": "EUR"}, ("purchase", "0", "EUR")),
        ("Order Refunded", {"total": 30, "currency": "EUR"}, ("purchase", "-30", "EUR")),
        ("Order Refunded", {"total": "-30.10", "currency": "EUR"}, ("purchase", "-30.10", "EUR")),
        ("Order Completed", {"revenue": 9.5}, ("in_app", None, None)),
        ("Order Completed", {"revenue": "free", "currency": "EUR"}, ("in_app", None, None)),
        ("Order Completed", {"revenue": True, "currency": "EUR"}, ("in_app", None, None)),
        ("Level Completed", {"revenue": 9.5, "currency": "EUR"}, ("in_app", None, None)),
    ],
)
def test_money(name: str, properties: dict[str, Any], expected: tuple[str, str | None, str | None]) -> None:
    """An order with an amount and a currency is a purchase, a refund a negative one; nothing that was said is lost."""
    event = mapped(message(event=name, properties=properties))
    assert (event["event_type"], event.get("revenue"), event.get("currency")) == expected
    assert event["properties"] == properties
    assert prepare([event], STAMP).count == 1


@pytest.mark.parametrize(
    ("context", "platform"),
    [
        ({"library": {"name": "analytics.js"}, "os": {"name": "Windows"}}, "web"),
        ({"library": {"name": "RudderLabs JavaScript SDK"}}, "web"),
        ({"library": {"name": "@segment/analytics-node"}}, "server"),
        ({"library": {"name": "analytics-python"}}, "server"),
        ({"library": {"name": "analytics-python"}, "device": {"type": "Android"}}, "android"),
        ({"library": {"name": "analytics-kotlin"}}, "android"),
        ({"library": {"name": "analytics-react-native"}, "os": {"name": "iPadOS"}}, "ios"),
        ({"library": {"name": "unheard of"}}, None),
        ({"library": 7, "os": [], "device": "x"}, None),
    ],
)
def test_platform(context: dict[str, Any], platform: str | None) -> None:
    """A browser's library says web; else device, system and library say it, in this order."""
    assert mapped(message(context=context)).get("platform") == platform


@pytest.mark.parametrize(
    ("device", "field"),
    [
        ({"advertisingId": "38400000-8cf0-11bd-b23e-10b96e40000d"}, "gaid"),
        ({"advertisingId": "38400000-8cf0-11bd-b23e-10b96e40000d", "adTrackingEnabled": False}, None),
        ({"advertisingId": ZERO_ID}, None),
        ({"advertisingId": "none"}, None),
    ],
)
def test_advertising_id(device: dict[str, Any], field: str | None) -> None:
    """Android's id is a gaid; whoever does not want to be tracked has none, anywhere in the event."""
    event = mapped(message(context={"device": device, "os": {"name": "Android"}}))
    assert [name for name in ("gaid", "idfa") if name in event] == ([field] if field else [])
    assert (device["advertisingId"] in str(event)) == (field is not None)


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ({"timestamp": moment(3540), "sentAt": moment(3600)}, -60),
        ({"originalTimestamp": moment(-90), "timestamp": moment(5), "sentAt": moment(-30)}, -90),
        ({"timestamp": moment(-60)}, -60),
        ({"timestamp": moment(-60), "sentAt": "soon"}, -60),
        ({"timestamp": moment(-60), "sentAt": moment(-600)}, -60),
        ({"timestamp": moment(101), "sentAt": moment(100)}, 1),
        ({"timestamp": moment(-60), "sentAt": moment(-59)}, -60),
        ({"timestamp": moment(-90), "sentAt": moment(-60)}, -30),
        ({"timestamp": moment(59), "sentAt": moment(59)}, 59),
        ({"timestamp": moment(-60), "sentAt": "0001-01-01T00:00:00+14:00"}, -60),
        ({"timestamp": (RECEIVED_AT.timestamp() - 60) * 1000}, -60),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, 0),
        ({"timestamp": "yesterday"}, 0),
        ({}, 0),
    ],
)
def test_time(times: dict[str, Any], seconds: float) -> None:
    """A clock that is wrong by a minute is corrected by what it says of the sending; no time is that of the arrival."""
    event = mapped(message(**times))
    assert event["event_time"] == moment(seconds).replace("+00:00", ".000Z")


def test_a_time_that_cannot_be_corrected() -> None:
    """What no calendar could hold is left for the window to refuse."""
    event = mapped(message(timestamp="0001-01-02T00:00:00Z", sentAt="9999-12-31T23:59:59Z"))
    assert event["event_time"] == "0001-01-02T00:00:00.000Z"


@given(st.floats(0, 1e7), st.lists(st.floats(-59.9, 59.9), min_size=2, max_size=2))
def test_a_repetition_by_a_right_clock_has_the_same_time(age_seconds: float, delays_seconds: list[float]) -> None:
    """However long after the event and by whatever way a message comes, the store finds its twin by its time."""
    sent = message(timestamp=moment(-age_seconds))
    times = {mapped(sent | {"sentAt": moment(-delay)})["event_time"] for delay in delays_seconds}
    assert len(times) == 1


def test_ids() -> None:
    """A message's id is kept if it can be one; else the same message has the same id, and another one another."""
    assert mapped(message(messageId="ajs-next-1/2"))["event_id"] == "ajs-next-1/2"
    spaced = mapped(message(messageId="two words"))["event_id"]
    assert spaced == mapped(message(messageId="two words", event="x"))["event_id"] != "two words"
    timed = message(messageId=None, timestamp=moment(-60))
    assert mapped(timed)["event_id"] == mapped(timed | {"sentAt": moment(5)})["event_id"]
    assert mapped(timed)["event_id"] != mapped(timed | {"event": "other"})["event_id"]
    untold = message(messageId=None)
    first, second = segment_events([{"batch": [untold, untold]}], None, RECEIVED_AT)
    assert first["event_id"] != second["event_id"]


def test_click_ids_of_a_page() -> None:
    """The address of a web page says which click led there."""
    page = {"url": "https://shop.example/?gclid=G1&unmogrow_click_id=c-1#top"}
    event = mapped(message("page", context={"page": page}))
    assert (event["gclid"], event["click_id"]) == ("G1", "c-1")


def test_a_batch_shares_its_context() -> None:
    """What the batch says of all counts for each message, unless the message says otherwise."""
    body = {"batch": [message(), message(context={"locale": "fr"})], "context": {"locale": "en", "ip": "203.0.113.1"}}
    first, second = segment_events([body], None, RECEIVED_AT)
    assert (first["language"], second["language"], second["ip"]) == ("en", "fr", "203.0.113.1")


@pytest.mark.parametrize("body", [{}, {"batch": {}}, {"batch": None}])
def test_refuses_what_holds_no_messages(body: dict[str, Any]) -> None:
    """400 for a body without a batch."""
    with pytest.raises(UnparseableBody):
        segment_events([body], None, RECEIVED_AT)


def test_refuses_too_many() -> None:
    """413 for more messages than a request may hold."""
    with pytest.raises(TooManyEvents):
        segment_events([{"batch": [{}] * (EVENTS_PER_REQUEST_MAX + 1)}], None, RECEIVED_AT)


@pytest.mark.parametrize(
    ("documents", "keys"),
    [
        (
            [{"writeKey": "wk_1", "batch": [{"writeKey": "wk_2"}, 7, {}, {"writeKey": "wk_3"}]}],
            ["wk_1", "wk_2", "wk_3"],
        ),
        ([{"batch": [{}, {"writeKey": "wk_2"}]}, {"writeKey": "wk_3"}], ["wk_2", "wk_3"]),
        ([{"writeKey": 7}, {"writeKey": ""}], []),
        ([[]], []),
        ([], []),
    ],
)
def test_keys_in_the_body(documents: list[Any], keys: list[str]) -> None:
    """Each document's own, then those of its messages."""
    assert list(write_keys(documents)) == keys
