"""What is kept of an event that did not get into the store, so that somebody can mend it and send it again."""

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import orjson

from ingest.parse import BrokenLine, lines_of, parse_line, stripped
from schemas.batches import DeadLetter, PreparedEvents, Rejection
from schemas.ids import BatchId
from schemas.limits import EVENT_BYTES_MAX
from schemas.problem import FieldError

REFUSED_BY_STORE = "refused_by_store"
"""The reason of an event that was accepted and that ClickHouse then refused."""

_TYPE_CHARS_MAX = 40


def raw_of(sent: Any) -> bytes:
    """Write down what was sent: a line that is no JSON as it came, everything else as JSON. Never raises."""
    if isinstance(sent, BrokenLine):
        return sent.line
    try:
        return orjson.dumps(sent)
    except orjson.JSONEncodeError:
        # Half characters and huge numbers, which only the lenient encoder takes.
        try:
            return json.dumps(sent).encode()
        except RecursionError:
            return b""


class Originals:
    """The events of one request as they came, looked for only when one of them is rejected.

    `text` is the decompressed body, or empty where the events are not what stood in it.
    """

    def __init__(self, events: list[Any], text: bytes) -> None:
        self._events = events
        self._text = text

    def raw(self, index: int) -> bytes:
        """Give an event byte for byte if it was a line of NDJSON or the whole body, else as `raw_of` does."""
        sent = self._events[index]
        piece = self._pieces[index] if index < len(self._pieces) else b""
        return piece if len(piece) <= EVENT_BYTES_MAX and _says(piece, sent) else raw_of(sent)

    @cached_property
    def _pieces(self) -> list[bytes]:
        text = stripped(self._text)
        return [text] if len(self._events) == 1 else [line for _, line in lines_of(text)]


def _says(piece: bytes, sent: Any) -> bool:
    """Tell whether a piece of the body is the event: the lines of an array of events, for example, are not."""
    try:
        return bool(parse_line(piece, 0) == sent)
    except RecursionError:
        return False


def dead_letters(events: PreparedEvents) -> Iterator[DeadLetter]:
    """Make a dead letter of each rejection of a request."""
    for rejection in events.rejected:
        yield _letter(events.batch_id, rejection)


def quarantined(batch_id: BatchId, position: int, row: bytes, reason: str) -> DeadLetter:
    """Make a dead letter of a row that ClickHouse refused; `position` is its place among the rows of its batch."""
    event = orjson.loads(row)
    errors = orjson.dumps([FieldError(position, "", reason, REFUSED_BY_STORE).document()])
    return DeadLetter(
        batch_id, position, event["event_id"], event["event_type"], REFUSED_BY_STORE, errors, row, is_whole=True
    )


def _letter(batch_id: BatchId, rejection: Rejection) -> DeadLetter:
    errors = [error.document() for error in rejection.errors]
    raw = rejection.raw
    return DeadLetter(
        batch_id=batch_id,
        position=rejection.index,
        event_id=rejection.event_id,
        event_type=_type_of(raw),
        reason=errors[0]["code"],
        errors=orjson.dumps(errors),
        raw=raw[:EVENT_BYTES_MAX],
        is_whole=0 < len(raw) <= EVENT_BYTES_MAX,
    )


def _type_of(raw: bytes) -> str | None:
    try:
        event = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    kind = event.get("event_type") if isinstance(event, dict) else None
    return kind[:_TYPE_CHARS_MAX] if isinstance(kind, str) and kind.isprintable() else None
