"""Events become requests, and streams become events."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from unmogrow.client.ingest import BYTES_PER_REQUEST, ROWS_PER_REQUEST, Ingested, Receipt, Rejected, batches, line
from unmogrow.client.tail import events

pytestmark = pytest.mark.anyio


async def parted(given: Any) -> list[list[bytes]]:
    return [rows async for rows in batches(given)]


async def test_requests_stay_within_the_limits() -> None:
    """A request ends at its number of events or of bytes, whichever comes first, and none is lost or moved."""
    many = [b'{"n":%d}' % number for number in range(2 * ROWS_PER_REQUEST + 1)]
    requests = await parted(many)
    assert [len(rows) for rows in requests] == [ROWS_PER_REQUEST, ROWS_PER_REQUEST, 1]
    assert b"".join(row for rows in requests for row in rows) == b"".join(each + b"\n" for each in many)
    large = [b"x" * (BYTES_PER_REQUEST // 2)] * 3
    assert [len(rows) for rows in await parted(large)] == [1, 1, 1]


async def test_events_come_in_any_shape() -> None:
    """NDJSON in one piece, lines, mappings, or an asynchronous iterable of either; empty lines are none."""

    async def slowly() -> AsyncIterator[dict[str, int]]:
        yield {"a": 1}
        yield {"a": 2}

    same = [[b'{"a":1}\n', b'{"a":2}\n']]
    assert await parted(b'{"a":1}\n\n{"a":2}') == same
    assert await parted([b'{"a":1}\n', b"\n", {"a": 2}]) == same
    assert await parted(slowly()) == same
    assert await parted([]) == []


def test_times_must_be_aware() -> None:
    """A time without an offset is refused, one with it is written as RFC 3339."""
    assert line({"event_time": datetime(2026, 1, 1, tzinfo=UTC)}) == b'{"event_time":"2026-01-01T00:00:00Z"}\n'
    with pytest.raises(ValueError, match="event_time has no offset"):
        line({"event_time": datetime(2026, 1, 1)})  # noqa: DTZ001 - that is the fault
    with pytest.raises(ValueError, match="one line"):
        line(b'{"a":\n1}')


def test_rejections_are_numbered_over_all_requests() -> None:
    """The index of a rejected event is its place among all that were sent."""
    rejected = Rejected.model_validate({"index": 1, "errors": [{"pointer": "/x", "detail": "is wrong"}]})
    done = Ingested()
    for _ in range(2):
        done.add(Receipt(2, 10, 1, 0, (rejected,), "b"))
    assert [each.index for each in done.rejected] == [1, 3]
    assert (done.sent, done.accepted, done.rejected_count, done.reasons["/x", "is wrong"]) == (4, 2, 2, 2)


async def test_streams_are_read_event_by_event() -> None:
    """Comments are skipped, lines of data are joined, an event without data is none."""

    async def lines() -> AsyncIterator[str]:
        for each in (": quiet", "", "id: 1", "data: a", "data: b", "", "id: 2", "", "data:c", ""):
            yield each

    assert [each async for each in events(lines())] == [("1", "a\nb"), ("2", "c")]
