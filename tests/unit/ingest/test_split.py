"""Sharing events out among shards."""

from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ingest.dedup import read_hashes
from ingest.frames import join
from ingest.prepare import prepare
from ingest.split import hashes_of, split
from schemas.batches import EventBatch, PreparedEvents
from schemas.limits import SHARDS_MAX
from schemas.shards import Shard, all_shards
from tests.unit.ingest.cases import RECEIVED_AT, STAMP

KINDS = ("click", "impression", "install", "nonsense")
IDS = st.text("abcdefghij", min_size=1, max_size=3)
REQUESTS = st.lists(st.lists(st.tuples(IDS, st.sampled_from(KINDS)), min_size=1, max_size=8), min_size=1, max_size=4)


def event(event_id: str, kind: str) -> dict[str, Any]:
    made = {"event_id": event_id, "event_type": kind, "event_time": RECEIVED_AT.isoformat()}
    return made | ({"platform": "android", "device_id": "d"} if kind == "install" else {})


def prepared(*events: tuple[str, str]) -> PreparedEvents:
    return prepare([event(*each) for each in events], STAMP)


def rows_of(batch: EventBatch) -> list[bytes]:
    return zstandard.decompress(batch.frame).splitlines() if batch.frame else []


def test_one_shard_gets_what_one_actor_got() -> None:
    """A single batch, the very one that joining makes: with one shard nothing is looked at."""
    requests = [prepared(("a", "click"), ("b", "install")), prepared(("c", "nonsense"))]
    assert split(requests, 1) == [{0: join(requests)}]


@given(REQUESTS, st.integers(2, SHARDS_MAX))
def test_every_event_goes_to_the_shard_of_its_id(requests: list[list[tuple[str, str]]], shards: int) -> None:
    """Each row is in one batch, that of its hash, with its hash, its conversion and its request's count."""
    made = [prepared(*events) for events in requests]
    together = join(made)
    rounds = split(made, shards)
    batches = [(shard, batch) for each in rounds for shard, batch in each.items()]
    for shard, batch in batches:
        hashes = read_hashes(batch.event_hashes)
        assert (hashes % shards == shard).all()
        rows = rows_of(batch)
        assert len(rows) == len(hashes) == sum(batch.request_counts)
        assert [rows[each.row] for each in batch.conversions] == [each.event for each in batch.conversions]
        assert len(batch.request_counts) == len(requests)
        assert batch.received == len(rows) + len(batch.dead_letters)
    assert sorted(row for _, batch in batches for row in rows_of(batch)) == sorted(rows_of(together))
    counts = zip(*(batch.request_counts for _, batch in batches), strict=True)
    assert tuple(map(sum, counts)) == together.request_counts
    assert sum(batch.received for _, batch in batches) == together.received
    letters = [letter for _, batch in batches for letter in batch.dead_letters]
    assert sorted(letters, key=str) == sorted(together.dead_letters, key=str)


@given(REQUESTS, st.integers(2, SHARDS_MAX))
def test_conversions_are_sent_when_the_others_are_durable(requests: list[list[tuple[str, str]]], shards: int) -> None:
    """No conversion in the first of two rounds, nothing else in the second."""
    rounds = split([prepared(*events) for events in requests], shards)
    assert 1 <= len(rounds) <= 2
    sizes = [
        (len(batch.conversions), sum(batch.request_counts))
        for together in rounds
        for batch in together.values()
        if sum(batch.request_counts)
    ]
    assert sizes == sorted(sizes, key=lambda size: size[0] > 0)
    assert all(conversions in {0, rows} for conversions, rows in sizes)


@pytest.mark.parametrize("kinds", [("nonsense",), ("nonsense", "click"), ("nonsense", "click", "install")])
def test_refusals_travel_last(kinds: tuple[str, ...]) -> None:
    """One dead letter, in the last round: if an earlier part is not taken, the client's repeat does not double it."""
    rounds = split([prepared(*((kind, kind) for kind in kinds))], 4)
    assert [sum(len(batch.dead_letters) for batch in each.values()) for each in rounds][-1] == 1
    assert sum(len(batch.dead_letters) for each in rounds for batch in each.values()) == 1


def test_the_shards_of_a_layout_share_the_ids() -> None:
    """Each remembered hash is one shard's, and the only shard of a layout has all of them."""
    hashes = read_hashes(prepared(*((str(number), "click") for number in range(100))).event_hashes)
    shares = [hashes_of(shard, hashes).tolist() for shard in all_shards(3)]
    assert sorted(value for share in shares for value in share) == sorted(hashes.tolist())
    assert all(shares)
    assert hashes_of(Shard(0, 1), hashes) is hashes
