"""Every error of a refused event is explained with a pointer and a way to mend it."""

from typing import Any

import orjson
import pytest

from ingest.parse import BrokenLine
from ingest.prepare import prepare
from ingest.rejections import ERRORS_PER_EVENT_MAX
from schemas.event_types import EventType
from tests.unit.ingest.cases import STAMP, errors_of, minimal, prepare_one

CLICK, PURCHASE = EventType.CLICK, EventType.PURCHASE


def without(event_type: EventType, name: str) -> dict[str, Any]:
    """Return a type's example that lacks one field."""
    return {key: value for key, value in minimal(event_type).items() if key != name}


@pytest.mark.parametrize(
    ("event", "pointer", "words"),
    [
        (1, "", "must be a JSON object, not number"),
        (None, "", "must be a JSON object, not null"),
        ([], "", "must be a JSON object, not array"),
        (BrokenLine("line 3 is not JSON: x", b"x"), "", "line 3 is not JSON: x"),
        (without(PURCHASE, "event_type"), "/event_type", "is required for every event: one of impression, click"),
        (minimal(CLICK, event_type="instal"), "/event_type", "is `instal`; did you mean `install`?"),
        (minimal(CLICK, event_type="Click"), "/event_type", "did you mean `click`?"),
        (minimal(CLICK, event_type="zzz"), "/event_type", "is `zzz`, but must be one of impression, click"),
        (minimal(CLICK, event_type=["a"]), "/event_type", "must be one of impression"),
        (without(CLICK, "event_id"), "/event_id", "is required for click"),
        (without(CLICK, "event_time"), "/event_time", "is required for click"),
        (without(PURCHASE, "revenue"), "/revenue", "is required for purchase"),
        (without(EventType.AD_REVENUE, "currency"), "/currency", "is required for ad_revenue"),
        (without(EventType.INSTALL, "platform"), "/platform", "is required for install"),
        (without(EventType.INSTALL, "device_id"), "", "needs at least one of device_id, gaid, idfa, idfv, oaid"),
        (without(EventType.REINSTALL, "idfv"), "", "needs at least one of device_id"),
        (without(EventType.IN_APP, "event_name"), "/event_name", "is required for in_app"),
        (without(EventType.IDENTIFY, "user_id"), "/user_id", "is required for identify"),
        (without(EventType.IDENTIFY, "anonymous_id"), "", "needs at least one of anonymous_id, device_id"),
        (without(EventType.CONSENT, "consent"), "/consent", "is required for consent"),
        (minimal(CLICK, foo=1), "/foo", "is not a field of an event; put it under `properties`"),
        (minimal(CLICK, campain="x"), "/campain", "did you mean `campaign`?"),
        (minimal(CLICK, **{"a/b~c": 1}), "/a~1b~0c", "is not a field of an event"),
        (minimal(CLICK, tenant_id="t1"), "/tenant_id", "is stamped by the platform; leave it out"),
        (minimal(CLICK, received_at="x"), "/received_at", "is stamped by the platform"),
        (minimal(CLICK, batch_id=None), "/batch_id", "is stamped by the platform"),
        (minimal(CLICK, event_id="a b"), "/event_id", "printable ASCII characters without spaces"),
        (minimal(CLICK, event_id=7), "/event_id", "printable ASCII characters without spaces"),
        (minimal(CLICK, event_time="yesterday"), "/event_time", "must be an existing time with offset"),
        (
            minimal(CLICK, event_time="2026-10-01T12:00:00"),
            "/event_time",
            "must be an existing time with offset",
        ),
        (minimal(CLICK, event_time=1_790_000_000), "/event_time", "must be an existing time with offset"),
        (minimal(CLICK, event_time="2026-02-30T12:00:00Z"), "/event_time", "must be an existing time"),
        (minimal(CLICK, event_time="2026-09-30T23:59:60Z"), "/event_time", "not a time that the calendar has"),
        (minimal(CLICK, event_time="2027-10-01T12:00:00Z"), "/event_time", "more than 24 hours ahead"),
        (minimal(CLICK, event_time="2020-10-01T12:00:00Z"), "/event_time", "older than 400 days"),
        (minimal(CLICK, click_time="1800-10-01T12:00:00Z"), "/click_time", "between the years 1900 and 2299"),
        (minimal(CLICK, platform="windows"), "/platform", "must be one of ios, android, web, ctv, pc, server"),
        (minimal(CLICK, gaid="123"), "/gaid", "must be a UUID"),
        (minimal(PURCHASE, revenue="1e3"), "/revenue", "without exponent"),
        (minimal(PURCHASE, revenue="1,99"), "/revenue", "must be a decimal"),
        (minimal(PURCHASE, revenue=10**18), "/revenue", "18 integer"),
        (minimal(PURCHASE, revenue="0.1234567891"), "/revenue", "9 fraction digits"),
        (minimal(PURCHASE, revenue=True), "/revenue", "must be a decimal"),
        (minimal(PURCHASE, currency="usd"), "/currency", "three capital letters"),
        (minimal(PURCHASE, quantity=1.5), "/quantity", "whole number"),
        (minimal(PURCHASE, quantity=-1), "/quantity", "whole number"),
        (minimal(CLICK, campaign=7), "/campaign", "must be a JSON string, not number"),
        (minimal(CLICK, campaign="x" * 256), "/campaign", "has more than 255 characters"),
        (minimal(CLICK, properties=[]), "/properties", "must be a JSON object, not array"),
        (minimal(CLICK, campaign="a\0b"), "/campaign", "holds a NUL character"),
        (minimal(CLICK, properties={"a": ["\0"]}), "/properties", "holds a NUL character"),
        (minimal(CLICK, properties={"\0": 1}), "/properties", "holds a NUL character"),
        (minimal(CLICK, campaign="\ud800"), "/campaign", "a lone surrogate"),
        (minimal(CLICK, properties={"a": 10**30}), "/properties", "outside 64 bits"),
        (minimal(CLICK, properties={"a": "x" * 70_000}), "", "an event may have 65536"),
    ],
)
def test_an_error_is_pointed_at_and_explained(event: Any, pointer: str, words: str) -> None:
    """Exactly one error is named, where it is and how to mend it."""
    (error,) = errors_of(event)
    assert (error.index, error.pointer) == (0, pointer)
    assert words in error.detail


def test_every_error_of_an_event_is_named() -> None:
    """Missing, unknown, malformed and untimely fields are all told at once."""
    event = without(PURCHASE, "currency") | {"foo": 1, "gaid": "x", "event_time": "2020-01-01T00:00:00Z"}
    assert {error.pointer for error in errors_of(event)} == {"/currency", "/foo", "/gaid", "/event_time"}


def test_an_unknown_type_hides_no_other_error() -> None:
    """The fields that all types share are checked even so."""
    pointers = {error.pointer for error in errors_of(minimal(CLICK, event_type="zzz", gaid="x"))}
    assert pointers == {"/event_type", "/gaid"}


def test_errors_are_bounded() -> None:
    """Of a thousand unknown fields, ten are named."""
    assert len(errors_of(minimal(CLICK, **{f"field{number}": 1 for number in range(1_000)}))) == ERRORS_PER_EVENT_MAX


def test_very_deep_events_are_explained() -> None:
    """A depth at which encoders give up is still only an error of its field."""
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    (error,) = errors_of(minimal(CLICK, properties={"a": deep}))
    assert (error.pointer, error.detail[:13]) == ("/properties", "is nested dee")


@pytest.mark.parametrize("name", ["\ud800", "\0", "x" * 10_000, "\n\u202e"])
def test_what_is_quoted_can_be_shown(name: str) -> None:
    """Names that no answer could carry are written printably and cut."""
    for event in (minimal(CLICK, **{name: 1}), minimal(CLICK, event_type=name, event_id=name)):
        (rejection,) = prepare_one(event).rejected
        for error in rejection.errors:
            shown = (error.pointer + error.detail).encode()
            assert len(shown) < 1_000
            assert shown.decode().isprintable()
        assert rejection.event_id in {None, "click-1"}


def test_a_rejection_names_its_place_and_id() -> None:
    """The position is that in the request; the id is there if the event had one."""
    prepared = prepare([minimal(CLICK), minimal(CLICK, foo=1, event_id="x"), 3], STAMP)
    assert [(each.index, each.event_id) for each in prepared.rejected] == [(1, "x"), (2, None)]
    assert orjson.loads(prepared.rows)["event_id"] == "click-1"
