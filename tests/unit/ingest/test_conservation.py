"""Nothing is lost between a request and its outcome, whatever is sent."""

import json
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dead_letters import dead_letters
from ingest.parse import BrokenLine, parse_events
from ingest.prepare import prepare
from ingest.rejections import ERRORS_PER_EVENT_MAX
from schemas.batches import PreparedEvents
from schemas.event_types import CONVERSION_TYPES
from tests.unit.ingest.cases import JSON, STAMP, events, nearly_events

ANYTHING = JSON | events() | nearly_events() | st.just(BrokenLine("line 1 is not JSON", b"{"))


def check_conserved(sent: list[Any], prepared: PreparedEvents) -> None:
    """Assert that each event is a row or a rejection, and that all parts of the outcome agree."""
    rows = [orjson.loads(line) for line in prepared.rows.splitlines()]
    indexes = [rejection.index for rejection in prepared.rejected]
    assert prepared.count == len(rows) == len(prepared.event_hashes) // 8
    assert prepared.count + len(indexes) == prepared.received == len(sent)
    assert len(list(dead_letters(prepared))) == len(indexes)
    assert indexes == sorted(set(indexes))
    kept = [event for index, event in enumerate(sent) if index not in set(indexes)]
    assert [row["event_id"] for row in rows] == [event["event_id"] for event in kept]
    assert [each.row for each in prepared.conversions] == [
        position
        for position, row in enumerate(rows)
        if row["event_type"] in CONVERSION_TYPES
        or (row["event_type"] == "session" and not row.keys().isdisjoint({"deep_link", "click_id"}))
    ]
    for rejection in prepared.rejected:
        assert 1 <= len(rejection.errors) <= ERRORS_PER_EVENT_MAX
        assert all(error.index == rejection.index and error.detail for error in rejection.errors)
        json.dumps([error.detail + error.pointer for error in rejection.errors]).encode()


@settings(max_examples=200)
@given(sent=st.lists(ANYTHING, max_size=6))
def test_accepted_and_rejected_make_up_what_was_sent(sent: list[Any]) -> None:
    """Any JSON, valid or not, ends as exactly one row or one rejection, and nothing raises."""
    check_conserved(sent, prepare(sent, STAMP))


@given(sent=st.lists(nearly_events(), min_size=2, max_size=6))
def test_the_same_holds_for_lines_off_the_wire(sent: list[Any]) -> None:
    """Lines of NDJSON, lone surrogates and odd numbers included, are conserved too."""
    parsed = parse_events("\n".join(map(json.dumps, sent)).encode(), "application/x-ndjson")
    assert len(parsed) == len(sent)
    check_conserved(parsed, prepare(parsed, STAMP))
