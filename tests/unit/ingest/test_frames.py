"""Joining requests into one call."""

from datetime import UTC, datetime

import zstandard

from ingest.frames import join, keys_of, split, texts
from schemas.batches import ConversionRow, PreparedEvents
from schemas.ids import new_batch_id


def prepared(count: int, conversion_at: int) -> PreparedEvents:
    conversion = ConversionRow(conversion_at, f"c{count}", "install", "2026-01-01T00:00:00Z", b"{}")
    return PreparedEvents(new_batch_id(), count, b"{}\n" * count, count, b"\1" * 8 * count, (conversion,), ())


def test_conversions_keep_pointing_at_their_rows() -> None:
    """(1, 5): a conversion's row counts from the start of the batch, not of its request."""
    batch = join([prepared(3, 1), prepared(4, 2)])
    assert [conversion.row for conversion in batch.conversions] == [1, 5]
    assert batch.request_counts == (3, 4)
    assert zstandard.decompress(batch.frame) == b"{}\n" * 7
    assert batch.rows_bytes == 21
    assert len(batch.event_hashes) == 56
    assert batch.received == 7


def test_reads_whole_rows_at_a_time() -> None:
    """More than one piece, each of whole rows; together all rows in their order, over the frames' borders."""
    rows = [b'{"event_id":"%d"}\n' % number for number in range(100_000)] + [b'{"long":"%b"}\n' % (b"x" * 2_000_000)]
    frames = b"".join(zstandard.compress(b"".join(part)) for part in (rows[:777], rows[777:]))
    pieces = list(texts(frames))
    assert len(pieces) > 1
    assert all(piece.endswith(b"}\n") for piece in pieces)
    assert b"".join(pieces) == b"".join(rows)
    assert list(texts(b"")) == []


def test_splits_what_lies_in_several_frames() -> None:
    """The rows of all frames in their order, and of each event its id and its time."""
    rows = [
        b'{"event_id":"a","event_time":"2026-01-01T00:00:00Z"}\n',
        b'{"event_id":"b","event_time":"2026-01-01T02:00:00+02:00"}\n',
    ]
    assert split(b"".join(map(zstandard.compress, rows))) == rows
    assert keys_of(rows) == [("a", datetime(2026, 1, 1, tzinfo=UTC)), ("b", datetime(2026, 1, 1, tzinfo=UTC))]
