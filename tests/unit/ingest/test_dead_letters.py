"""What is kept of an event that is rejected."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dead_letters import dead_letters
from ingest.parse import parse_events
from ingest.prepare import prepare
from schemas.batches import DeadLetter
from schemas.limits import EVENT_BYTES_MAX
from tests.unit.ingest.cases import STAMP, nearly_events

NDJSON = "application/x-ndjson"


def _is_json(event: Any) -> bool:
    try:
        json.dumps(event, allow_nan=False)
    except ValueError:
        return False
    return True


def letters_of(body: bytes, content_type: str | None = None) -> list[DeadLetter]:
    """Take a body as the ingest route does, and give what is kept of its rejected events."""
    return list(dead_letters(prepare(parse_events(body, content_type), STAMP, text=body)))


@pytest.mark.parametrize(
    ("body", "raws"),
    [
        (b' {"b": 1.50,  "a" :1e2}\n', [b'{"b": 1.50,  "a" :1e2}']),
        (b'\xef\xbb\xbf{"b": 1.50}', [b'{"b": 1.50}']),
        (b'{"b": 1.50}\r\n\n{"a": \n[1.50]\n', [b'{"b": 1.50}\r', b'{"a": ', b"[1.50]"]),
        (b'{"a": "\\ud83d", "b": 1.50}', [b'{"a": "\\ud83d", "b": 1.50}']),
        (b'[{"b": 1.50}, 7]', [b'{"b":1.5}', b"7"]),
        (b'[\n{"b": 1.50},\n7\n]', [b'{"b":1.5}', b"7"]),
        (b'{"events": [{"b": 1.50}]}', [b'{"b":1.5}']),
        (b'{"b": 1.50}, {"c": 1.50}\n{"d": 1.50}', [b'{"b":1.5}', b'{"c":1.5}', b'{"d":1.5}']),
    ],
)
def test_lines_and_single_events_are_kept_as_they_came(body: bytes, raws: list[bytes]) -> None:
    """Byte for byte where the event stood alone, and as JSON out of an array or an envelope."""
    content_type = NDJSON if b"\n" in body and body[:1] != b"[" else None
    assert [letter.raw for letter in letters_of(body, content_type)] == raws


def test_white_space_cuts_no_event() -> None:
    """What is within the limit without its white space is kept whole."""
    letter = letters_of(b'{"a":' + b" " * EVENT_BYTES_MAX + b"1}")[0]
    assert (letter.raw, letter.is_whole) == (b'{"a":1}', True)


@given(sent=st.lists(nearly_events().filter(_is_json), min_size=1, max_size=6))
def test_whatever_is_kept_says_what_was_sent(sent: list[Any]) -> None:
    """A letter's bytes are JSON of the event at its position, and exactly the line that it was."""
    lines = [json.dumps(event).encode() for event in sent]
    for letter in letters_of(b"\n".join(lines), NDJSON):
        if letter.is_whole:
            assert letter.raw == lines[letter.position]
            assert json.loads(letter.raw) == sent[letter.position]
    for letter in letters_of(orjson.dumps([event for event in sent if _is_plain(event)])):
        assert letter.raw


def _is_plain(event: Any) -> bool:
    try:
        orjson.dumps(event)
    except orjson.JSONEncodeError:
        return False
    return True
