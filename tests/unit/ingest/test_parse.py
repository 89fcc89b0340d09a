"""Bodies become lists of events, and one broken line costs one event."""

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse import BrokenLine, parse_events
from schemas.limits import EVENTS_PER_REQUEST_MAX
from schemas.problems import MediaTypeUnsupported, TooManyEvents, UnparseableBody


@pytest.mark.parametrize(
    ("body", "events"),
    [
        (b'{"a": 1}', [{"a": 1}]),
        (b'[{"a": 1}, 2]', [{"a": 1}, 2]),
        (b'{"events": [{"a": 1}], "writeKey": "wk_1"}', [{"a": 1}]),
        (b'{"event_type": "click", "events": []}', [{"event_type": "click", "events": []}]),
        (b'{"events": 1}', [{"events": 1}]),
        (b'{"a": 1}\n{"a": 2}\r\n\n', [{"a": 1}, {"a": 2}]),
        (b'\xef\xbb\xbf {"a": 1}', [{"a": 1}]),
        (b'{\n "a": 1\n}\n', [{"a": 1}]),
        (b"[]", []),
    ],
)
def test_every_shape_is_understood(body: bytes, events: list[Any]) -> None:
    """An object, an array, an envelope and lines are told apart by content."""
    assert parse_events(body, "application/json") == events


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "Application/JSON; charset=utf-8",
        "text/plain",
        "application/octet-stream",
        "application/x-ndjson",
        "application/ndjson",
        "application/x-www-form-urlencoded",
    ],
)
def test_labels_that_may_hold_json_are_taken(content_type: str | None) -> None:
    """Each of the labels that SDKs put on JSON works for a single event and for an array."""
    assert parse_events(b'{"a": 1}', content_type) == [{"a": 1}]
    assert parse_events(b'[{"a": 1}]', content_type) == [{"a": 1}]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("text/xml", b"{}"), ("application/x-www-form-urlencoded", b"a=1"), ("multipart/form-data", b"")],
)
def test_other_labels_are_refused(content_type: str, body: bytes) -> None:
    """MediaTypeUnsupported meets other labels, and forms that are really forms."""
    with pytest.raises(MediaTypeUnsupported):
        parse_events(body, content_type)


@pytest.mark.parametrize("body", [b"", b"  \n", b"\xef\xbb\xbf"])
def test_an_empty_body_is_refused(body: bytes) -> None:
    """UnparseableBody says that it is empty."""
    with pytest.raises(UnparseableBody, match="empty"):
        parse_events(body, None)


@pytest.mark.parametrize("body", [b"1", b"null", b'"a"', b"a=1", b'{"a": }', b"[1", b"\xff\xfe{}", b'{"a": NaN}'])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """UnparseableBody meets scalars, broken documents and wrong encodings."""
    with pytest.raises(UnparseableBody):
        parse_events(body, "application/json")


def test_a_broken_document_is_named_by_line_and_column() -> None:
    """The detail says where the document breaks."""
    with pytest.raises(UnparseableBody, match="line 2 column 7"):
        parse_events(b'{\n "a": x}', None)


@pytest.mark.parametrize("content_type", ["application/x-ndjson", None])
def test_one_broken_line_costs_one_event(content_type: str | None) -> None:
    """The other lines stay, and the broken one names its line."""
    first, broken, last = parse_events(b'{"a": 1}\n{"a": \n{"a": 3}\n', content_type)
    assert (first, last) == ({"a": 1}, {"a": 3})
    assert isinstance(broken, BrokenLine)
    assert broken.detail.startswith("line 2 is not JSON")


def test_half_a_character_costs_no_batch() -> None:
    """A lone surrogate stays in its event, to be rejected alone."""
    assert parse_events(b'[{"a": "\\ud83d"}, {"a": 2}]', None) == [{"a": "\ud83d"}, {"a": 2}]


@pytest.mark.parametrize("body", [b'["\\ud83d", NaN]', b'["\\ud83d"' + b"[" * 100_000, b'["\\ud83d", ' + b"9" * 5000])
def test_leniency_for_half_characters_goes_no_further(body: bytes) -> None:
    """What is no JSON besides is refused as ever."""
    with pytest.raises(UnparseableBody):
        parse_events(body, None)


def test_the_number_of_events_is_bounded() -> None:
    """As many as allowed pass in every shape; one more raises TooManyEvents."""
    line = b'{"a":1}\n'
    array = b"[" + b",".join([b"1"] * EVENTS_PER_REQUEST_MAX)
    assert len(parse_events(line * EVENTS_PER_REQUEST_MAX, "application/x-ndjson")) == EVENTS_PER_REQUEST_MAX
    assert len(parse_events(array + b"]", None)) == EVENTS_PER_REQUEST_MAX
    for body in (line * (EVENTS_PER_REQUEST_MAX + 1), array + b",1]", b'{"events":' + array + b",1]}"):
        with pytest.raises(TooManyEvents):
            parse_events(body, None)


@given(body=st.binary() | st.text().map(str.encode), content_type=st.sampled_from([None, "application/x-ndjson"]))
def test_any_bytes_give_events_or_a_problem(body: bytes, content_type: str | None) -> None:
    """No body raises anything but UnparseableBody."""
    with suppress(UnparseableBody):
        assert isinstance(parse_events(body, content_type), list)


@given(events=st.lists(st.dictionaries(st.text(), st.integers(-(2**63), 2**63 - 1) | st.text()), min_size=2))
def test_lines_and_arrays_mean_the_same(events: list[Any]) -> None:
    """The same events arrive whether sent as an array, an envelope or lines."""
    lines = b"\n".join(map(orjson.dumps, events))
    assert parse_events(lines, "application/x-ndjson") == events
    assert parse_events(orjson.dumps(events), None) == events
    assert parse_events(orjson.dumps({"events": events}), None) == events
