"""Sends events of any number in requests that are within the platform's limits, in the order in which they come."""

from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import zstandard
from pydantic import TypeAdapter

from unmogrow.client.errors import InvalidError
from unmogrow.client.shape import Shape
from unmogrow.client.transport import Auth, Call, Transport

ROWS_PER_REQUEST = 2_000
BYTES_PER_REQUEST = 4 * 1024 * 1024
"""A request is sent when it has so many events or bytes, well below what is allowed: so acknowledgements come soon."""

REJECTIONS_KEPT = 1_000

NDJSON_ZSTD = {"Content-Type": "application/x-ndjson", "Content-Encoding": "zstd"}

Event = bytes | Mapping[str, Any]
"""An event: its JSON, on one line, or what becomes JSON. Times must be aware."""

Events = bytes | Iterable[Event] | AsyncIterable[Event]
"""Events: NDJSON as one piece, or one by one."""

_EVENT: TypeAdapter[Mapping[str, Any]] = TypeAdapter(Mapping[str, Any])


class Fault(Shape):
    """One thing wrong with an event."""

    pointer: str
    detail: str
    code: str = ""


class Rejected(Shape):
    """An event that was not accepted: its place among those that were sent, from 0."""

    index: int
    event_id: str | None = None
    errors: list[Fault]


class _Answer(Shape):
    accepted: int
    duplicates: int
    rejected: list[Rejected]
    batch_id: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the events of one request: `accepted` ones survive anything from now on."""

    rows: int
    bytes_sent: int
    accepted: int
    duplicates: int
    rejected: tuple[Rejected, ...]
    batch_id: str


@dataclass(slots=True)
class Ingested:
    """What became of all events; `reasons` counts rejections by pointer and detail, `rejected` has the first 1,000."""

    sent: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected_count: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, receipt: Receipt) -> None:
        """Count one request in."""
        for rejection in receipt.rejected:
            self.reasons.update((fault.pointer, fault.detail) for fault in rejection.errors)
            if len(self.rejected) < REJECTIONS_KEPT:
                self.rejected.append(rejection.model_copy(update={"index": self.sent + rejection.index}))
        self.sent += receipt.rows
        self.accepted += receipt.accepted
        self.duplicates += receipt.duplicates
        self.rejected_count += len(receipt.rejected)


async def send_events(
    transport: Transport, auth: Auth | None, events: Events, *, idempotency_key: str | None, wait_stored: bool
) -> AsyncIterator[Receipt]:
    """Send events, one request after the other; give each one's receipt as soon as it is there.

    Events are folded by their ids, so a request may be sent again. With an idempotency key (the first request has it
    with -0 after it, the second with -1) one that comes again is answered as it was the first time.

    Raises:
        ProblemError, UnreachableError: see `Transport.send`; what was acknowledged before stays so.
    """
    number = 0
    async for rows in batches(events):
        body = b"".join(rows)
        headers = NDJSON_ZSTD | ({"Idempotency-Key": f"{idempotency_key}-{number}"} if idempotency_key else {})
        query = {"wait": "stored"} if wait_stored else {}
        content = zstandard.compress(body, level=1)
        call = Call("POST", "/api/v1/events/ingest", query, headers, content, is_repeatable=True)
        answer = await _answer(transport, auth, call)
        yield Receipt(len(rows), len(body), answer.accepted, answer.duplicates, tuple(answer.rejected), answer.batch_id)
        number += 1


async def _answer(transport: Transport, auth: Auth | None, call: Call) -> _Answer:
    try:
        return _Answer.model_validate_json((await transport.send(call, auth)).content)
    except InvalidError as refusal:
        # None of the events was valid: that is said of each of them, as if some had been.
        if "rejected" in refusal.document:
            return _Answer.model_validate(refusal.document)
        raise


async def batches(events: Events) -> AsyncIterator[list[bytes]]:
    """Part events into requests: lines of JSON, each with its end."""
    waiting: list[bytes] = []
    size = 0
    async for event in _one_by_one(events):
        row = line(event)
        if waiting and (len(waiting) == ROWS_PER_REQUEST or size + len(row) > BYTES_PER_REQUEST):
            yield waiting
            waiting, size = [], 0
        waiting.append(row)
        size += len(row)
    if waiting:
        yield waiting


async def _one_by_one(events: Events) -> AsyncIterator[Event]:
    if isinstance(events, AsyncIterable):
        async for event in events:
            yield event
        return
    for event in events.splitlines() if isinstance(events, bytes) else events:
        if not isinstance(event, bytes) or event.strip():
            yield event


def line(event: Event) -> bytes:
    """Write an event as a line of NDJSON.

    Raises:
        ValueError: it has a time without an offset, or several lines.
    """
    if isinstance(event, bytes):
        text = event.strip()
        if b"\n" in text:
            raise ValueError("an event's JSON must be one line")
        return text + b"\n"
    for name, value in event.items():
        if isinstance(value, datetime) and value.tzinfo is None:
            raise ValueError(f"{name} has no offset")
    return _EVENT.dump_json(event) + b"\n"
