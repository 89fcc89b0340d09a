"""Group commit."""

import numpy as np
import xxhash
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from actors.group_commit import assemble
from ingest.dedup import DedupWindow
from schemas.batches import ConversionRow, EventBatch, Tally
from telemetry.clock import utc_now


def batch(*requests: list[str]) -> EventBatch:
    names = [name for request in requests for name in request]
    rows = b"".join(b'{"event_id":"%b"}\n' % name.encode() for name in names)
    return EventBatch(
        frame=zstandard.compress(rows),
        rows_bytes=len(rows),
        event_hashes=np.array([xxhash.xxh3_64_intdigest(name.encode()) for name in names], dtype="<u8").tobytes(),
        request_counts=tuple(map(len, requests)),
        received=len(names),
        conversions=tuple(
            ConversionRow(row, name, "install", "2026-01-01T00:00:00Z", b"{}") for row, name in enumerate(names)
        ),
        dead_letters=(),
    )


def rows_of(frames: bytes) -> list[bytes]:
    with zstandard.ZstdDecompressor().stream_reader(frames, read_across_frames=True) as reader:
        return reader.read().splitlines()


def test_counts_duplicates_per_request() -> None:
    """((0, 1), (2,)): each request learns of its own duplicates, across batches of one group."""
    group = assemble([batch(["a", "b"], ["a"]), batch(["a", "b"])], DedupWindow(30))
    assert group.duplicates == ((0, 1), (2,))
    assert group.events == 2
    assert group.tally == Tally(received=5, accepted=2, duplicates=3, rejected=0)
    assert len(rows_of(group.frames)) == 2
    assert [row.conversion_id for row in group.conversions] == ["a", "b"]


def test_knows_what_earlier_groups_held() -> None:
    """Nothing is left of a group whose events are all known, and nothing is committed twice."""
    window = DedupWindow(30)
    first = assemble([batch(["a"])], window)
    window.remember(first.hashes, utc_now())
    again = assemble([batch(["a"])], window)
    assert (again.events, again.frames, again.conversions, again.duplicates) == (0, b"", (), ((1,),))


REQUEST = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5)
BATCHES = st.lists(st.lists(REQUEST, min_size=1, max_size=4), min_size=1, max_size=4)


@given(BATCHES)
def test_conserves_events(batches: list[list[list[str]]]) -> None:
    """New rows and duplicates add up to what was sent, and every id is kept exactly once."""
    group = assemble([batch(*requests) for requests in batches], DedupWindow(30))
    sent = [name for requests in batches for request in requests for name in request]
    assert group.events + sum(map(sum, group.duplicates)) == len(sent)
    assert sorted(rows_of(group.frames)) == sorted(b'{"event_id":"%b"}' % name.encode() for name in set(sent))
    assert len(group.conversions) == group.events == len(group.hashes)
