"""Frames: compressed rows, in the form in which they travel, lie in the spool and reach the store."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import accumulate

import orjson
import zstandard

from ingest.dead_letters import dead_letters
from schemas.batches import EventBatch, PreparedEvents

_TEXT_BYTES = 1024 * 1024


def join(requests: Sequence[PreparedEvents]) -> EventBatch:
    """Make one batch of a few requests; positions of conversions count from the batch's start."""
    rows = requests[0].rows if len(requests) == 1 else b"".join(request.rows for request in requests)
    starts = accumulate((request.count for request in requests), initial=0)
    return EventBatch(
        frame=zstandard.compress(rows, level=1) if rows else b"",
        rows_bytes=len(rows),
        event_hashes=b"".join(request.event_hashes for request in requests),
        request_counts=tuple(request.count for request in requests),
        received=sum(request.received for request in requests),
        conversions=tuple(
            replace(conversion, row=start + conversion.row)
            for start, request in zip(starts, requests, strict=False)
            for conversion in request.conversions
        ),
        dead_letters=tuple(letter for request in requests for letter in dead_letters(request)),
    )


def split(frames: bytes) -> list[bytes]:
    """Decompress frames that lie one after another into their rows, each with its closing newline."""
    with zstandard.ZstdDecompressor().stream_reader(frames, read_across_frames=True) as reader:
        return reader.read().splitlines(keepends=True)


def texts(frames: bytes) -> Iterator[bytes]:
    """Decompress frames that lie one after another, about a megabyte at a time, each time to whole rows."""
    with zstandard.ZstdDecompressor().stream_reader(frames, read_across_frames=True) as reader:
        begun = b""
        while piece := reader.read(_TEXT_BYTES):
            whole, newline, rest = piece.rpartition(b"\n")
            if newline:
                yield begun + whole + newline
                begun = rest
            else:
                begun += rest


def keys_of(rows: Sequence[bytes]) -> list[tuple[str, datetime]]:
    """Read the id and the time (aware) of each row's event."""
    events = (orjson.loads(row) for row in rows)
    return [(event["event_id"], datetime.fromisoformat(event["event_time"])) for event in events]
