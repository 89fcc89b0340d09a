"""Valid events become stamped rows."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from ingest.conversions import conversion_tests
from ingest.prepare import prepare
from schemas.event_types import CONVERSION_TYPES, EventType
from schemas.limits import EVENT_BYTES_MAX, EVENT_NESTING_MAX
from tests.unit.ingest.cases import STAMP, ZERO_ID, at, errors_of, events, minimal, prepare_one

CONVERSIONS = sorted(CONVERSION_TYPES)


def row_of(event: Any) -> dict[str, Any]:
    """Return the row of an event that must be accepted."""
    prepared = prepare_one(event)
    assert prepared.rejected == ()
    row: dict[str, Any] = orjson.loads(prepared.rows)
    return row


@pytest.mark.parametrize("event_type", EventType)
def test_minimal_events_are_accepted(event_type: EventType) -> None:
    """Each type's example becomes a row that says when and in which batch it came."""
    row = row_of(minimal(event_type))
    assert row["event_type"] == event_type
    assert (row["received_at"], row["batch_id"]) == ("2026-10-01T12:30:00.000Z", STAMP.batch_id)
    assert "tenant_id" not in row


def test_the_connection_gives_address_and_agent() -> None:
    """An event without them takes the connection's, one with its own keeps them."""
    assert row_of(minimal(EventType.CLICK)).items() >= {"ip": "203.0.113.7", "user_agent": "okhttp/4"}.items()
    assert row_of(minimal(EventType.CLICK, ip="::1")).items() >= {"ip": "::1", "user_agent": "okhttp/4"}.items()
    assert row_of(minimal(EventType.CLICK, user_agent="a")).items() >= {"ip": "203.0.113.7", "user_agent": "a"}.items()


def test_servers_are_not_devices() -> None:
    """A server's event takes nothing from the connection."""
    row = row_of(minimal(EventType.CLICK, platform="server"))
    assert not {"ip", "user_agent"} & row.keys()


def test_a_nameless_connection_leaves_no_fields() -> None:
    """Without address and agent the fields are absent; an agent that is no text is mended."""
    bare = prepare([minimal(EventType.CLICK)], replace(STAMP, ip="", user_agent="")).rows
    assert b'"ip"' not in bare
    odd = prepare([minimal(EventType.CLICK)], replace(STAMP, user_agent="a\udcff\0" + "x" * 9_000)).rows
    assert orjson.loads(odd)["user_agent"] == "a?" + "x" * 2_045


def test_ids_are_lower_case() -> None:
    """Advertising and vendor ids compare equal whatever the platform's spelling."""
    assert row_of(minimal(EventType.CLICK, idfa="EA7583CD-A667-48BC-B806-42ECB2B48606"))["idfa"].islower()


@pytest.mark.parametrize("nothing", [None, "", ZERO_ID])
def test_what_says_nothing_is_dropped(nothing: str | None) -> None:
    """A null, empty or all-zero id leaves no field, and satisfies no requirement."""
    assert "gaid" not in row_of(minimal(EventType.INSTALL, gaid=nothing))
    without = {name: value for name, value in minimal(EventType.INSTALL).items() if name != "device_id"}
    assert "needs at least one of" in errors_of(without | {"gaid": nothing})[0].detail


def test_money_is_a_plain_decimal_string() -> None:
    """Numbers and strings both become text that the store reads exactly."""
    row = row_of(minimal(EventType.PURCHASE, revenue=0.1 + 0.2, cost_value="1.5", quantity="3"))
    assert (row["revenue"], row["cost_value"], row["quantity"]) == ("0.3", "1.5", 3)
    assert row_of(minimal(EventType.PURCHASE, quantity=2.0))["quantity"] == 2


def test_objects_become_text() -> None:
    """Properties and consent are JSON strings in the row."""
    row = row_of(minimal(EventType.CONSENT, properties={"ä": [1, {"b": None}]}, consent={}))
    assert orjson.loads(row["properties"]) == {"ä": [1, {"b": None}]}
    assert row["consent"] == "{}"


@pytest.mark.parametrize("event_type", CONVERSIONS)
def test_conversions_take_their_click_id_from_the_referrer(event_type: EventType) -> None:
    """A conversion's missing click id is read from its referrer; its own one stays."""
    assert row_of(minimal(event_type, install_referrer="click_id=c-1"))["click_id"] == "c-1"
    assert row_of(minimal(event_type, install_referrer="click_id=c-1", click_id="own"))["click_id"] == "own"
    assert "click_id" not in row_of(minimal(EventType.SESSION, install_referrer="click_id=c-1"))


def test_conversions_travel_beside_the_rows() -> None:
    """A conversion names its row, and its event is that row's very bytes."""
    prepared = prepare([{}, minimal(EventType.CLICK), minimal(EventType.INSTALL), minimal(EventType.PURCHASE)], STAMP)
    lines = prepared.rows.split(b"\n")
    assert [(each.row, each.conversion_type) for each in prepared.conversions] == [(1, "install"), (2, "purchase")]
    assert [each.event for each in prepared.conversions] == lines[1:3]
    assert prepared.conversions[0].conversion_id == "install-1"
    assert prepared.conversions[0].conversion_time == "2026-10-01T12:00:00Z"


def converted(*sent: dict[str, object], names: tuple[str, ...] = ("purchase",)) -> list[str]:
    """Tell the ids of the events that are conversions, by what a policy names."""
    tests = conversion_tests(frozenset(names))
    return [each.conversion_id for each in prepare(list(sent), STAMP, conversion_tests=tests).conversions]


def test_a_policy_names_the_later_events_that_are_conversions() -> None:
    """Installs always; purchases, advertising revenue and in-app events if they are named; nothing else."""
    sent = [
        minimal(EventType.INSTALL, event_id="install"),
        minimal(EventType.PURCHASE, event_id="purchase"),
        minimal(EventType.AD_REVENUE, event_id="ad"),
        minimal(EventType.IN_APP, event_id="level", event_name="level_complete"),
        minimal(EventType.IN_APP, event_id="named-so", event_name="purchase"),
        minimal(EventType.CLICK, event_id="click"),
    ]
    assert converted(*sent) == ["install", "purchase"]
    assert converted(*sent, names=()) == ["install"]
    assert converted(*sent, names=("ad_revenue", "level_complete")) == ["install", "ad", "level"]


def test_a_session_that_a_link_opened_is_a_conversion() -> None:
    """With a deep link, whose click id it takes, or a click id; another session is none."""
    opened = minimal(EventType.SESSION, event_id="opened", deep_link="app://x?click_id=c-1")
    tapped = minimal(EventType.SESSION, event_id="tapped", click_id="c-2")
    assert converted(opened, minimal(EventType.SESSION), tapped) == ["opened", "tapped"]
    assert row_of(opened)["click_id"] == "c-1"


def test_hashes_stand_in_the_order_of_the_rows() -> None:
    """Each row has 8 bytes: the xxh3 of its id, little-endian."""
    prepared = prepare([minimal(EventType.CLICK, event_id="b"), 1, minimal(EventType.CLICK, event_id="a")], STAMP)
    expected = [xxh3_64_intdigest(b"b"), xxh3_64_intdigest(b"a")]
    assert prepared.event_hashes == b"".join(value.to_bytes(8, "little") for value in expected)


def test_a_repeated_id_is_left_to_the_actor() -> None:
    """The same event twice in one request is two rows."""
    assert prepare([minimal(EventType.CLICK)] * 2, STAMP).count == 2


@pytest.mark.parametrize(
    ("delta", "is_accepted"),
    [
        (timedelta(hours=24), True),
        (timedelta(hours=24, microseconds=1), False),
        (timedelta(days=-400), True),
        (timedelta(days=-400, microseconds=-1), False),
    ],
)
def test_the_edges_of_the_window(delta: timedelta, *, is_accepted: bool) -> None:
    """Both ends of the window belong to it."""
    assert prepare_one(minimal(EventType.CLICK, event_time=at(delta))).count == is_accepted


def test_ids_have_up_to_100_characters() -> None:
    """An id of 100 characters is accepted, one of 101 is not."""
    assert prepare_one(minimal(EventType.CLICK, event_id="~" * 100)).count == 1
    assert prepare_one(minimal(EventType.CLICK, event_id="~" * 101)).count == 0


def test_the_size_is_that_of_the_event_as_sent() -> None:
    """Quotes that only the row must escape do not count against the limit."""
    empty_bytes = len(orjson.dumps(minimal(EventType.CLICK, properties={"a": ""})))
    fitting = "x" * (EVENT_BYTES_MAX - empty_bytes)
    assert prepare_one(minimal(EventType.CLICK, properties={"a": fitting})).count == 1
    assert prepare_one(minimal(EventType.CLICK, properties={"a": fitting + "x"})).count == 0
    assert prepare_one(minimal(EventType.CLICK, properties={str(number): 1 for number in range(5_000)})).count == 1


def test_nesting_is_bounded() -> None:
    """16 levels are accepted, the event being the first; 17 are not, and braces in text are no levels."""
    deep: dict[str, Any] = {}
    for _ in range(EVENT_NESTING_MAX - 2):
        deep = {"a": deep}
    assert prepare_one(minimal(EventType.CLICK, properties=deep)).count == 1
    assert prepare_one(minimal(EventType.CLICK, properties={"a": deep})).count == 0
    assert prepare_one(minimal(EventType.CLICK, properties={"a": "{[" * 50})).count == 1
    assert prepare_one(minimal(EventType.CLICK, properties={"a": [{}] * 50})).count == 1


def test_text_that_only_looks_like_a_nul_is_accepted() -> None:
    """A backslash followed by u0000 is six harmless characters."""
    assert row_of(minimal(EventType.CLICK, campaign="\\u0000"))["campaign"] == "\\u0000"


@given(sent=st.lists(events(), max_size=8))
def test_valid_events_are_all_accepted_and_left_unchanged(sent: list[dict[str, Any]]) -> None:
    """Each valid event becomes a row with its id, and the caller's events stay as they were."""
    before = orjson.dumps(sent)
    prepared = prepare(sent, STAMP)
    assert prepared.rejected == ()
    rows = [orjson.loads(line) for line in prepared.rows.splitlines()]
    assert [row["event_id"] for row in rows] == [event["event_id"] for event in sent]
    assert orjson.dumps(sent) == before


@given(event=events())
def test_a_row_is_an_event_of_the_same_meaning(event: dict[str, Any]) -> None:
    """Preparing a row's own fields again changes nothing: normalising is done once and for all."""
    row = row_of(event)
    again = {name: value for name, value in row.items() if name not in {"received_at", "batch_id"}}
    for name in {"properties", "consent"} & again.keys():
        again[name] = orjson.loads(again[name])
    assert row_of(again) == row
