"""The dedup window."""

import tracemalloc
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.dedup import DedupWindow
from ingest.hash_filter import Hashes, HashFilter

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def hashes(*values: int) -> Hashes:
    return np.array(values, dtype=np.uint64)


def test_first_of_equal_hashes_in_a_batch_is_fresh() -> None:
    """True, False, True: the second of two equal hashes is a duplicate within its own batch."""
    assert DedupWindow(30).fresh(hashes(7, 7, 8)).tolist() == [True, False, True]


def test_looking_does_not_remember() -> None:
    """A hash stays fresh until its event is durable: a failed commit must not swallow the retry."""
    window = DedupWindow(30)
    window.fresh(hashes(7))
    assert window.fresh(hashes(7)).tolist() == [True]


def test_days_leave_the_window() -> None:
    """After 31 days an id is fresh again, after 29 it is not."""
    window = DedupWindow(30)
    window.remember(hashes(1), NOW)
    window.remember(hashes(2), NOW + timedelta(days=29))
    assert window.fresh(hashes(1)).tolist() == [False]
    window.remember(hashes(3), NOW + timedelta(days=32))
    assert window.fresh(hashes(1, 2)).tolist() == [True, False]


def test_a_restored_window_knows_what_the_lost_one_knew() -> None:
    """Known: the ids of both days, of several batches each; the older day leaves when its time has come."""
    window = DedupWindow(30)
    window.restore([(NOW, hashes(5, 1)), (NOW, hashes(3)), (NOW + timedelta(days=1), hashes(4, 2))])
    assert window.fresh(hashes(1, 2, 3, 4, 5, 6)).tolist() == [False] * 5 + [True]
    window.remember(hashes(7), NOW + timedelta(days=31))
    assert window.fresh(hashes(1, 3, 5, 4, 2)).tolist() == [True] * 3 + [False] * 2


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=50), max_size=20), st.integers(1, 40))
def test_agrees_with_a_set(batches: list[list[int]], repeats: int) -> None:
    """Whatever is remembered, the window answers as a plain set would."""
    window, plain = DedupWindow(30), set[int]()
    for day, batch in enumerate(batches):
        together = batch + batch[:repeats]
        expected = []
        for value in together:
            expected.append(value not in plain)
            plain.add(value)
        array = hashes(*together)
        mask = window.fresh(array)
        assert mask.tolist() == expected
        window.remember(array[mask], NOW + timedelta(days=day))


def test_many_hashes_cost_about_twelve_bytes_each() -> None:
    """A million remembered ids take 8 bytes each in arrays and 2 to 4 in filters, and each is still found."""
    many = np.random.default_rng(1).integers(0, 2**63, 1_000_000, dtype=np.uint64)
    tracemalloc.start()
    try:
        window = DedupWindow(30)
        for part in np.split(many, 1_000):
            window.remember(part, NOW)
        taken_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 8e6 < taken_bytes < 13.5e6
    assert not window.fresh(many[::1000]).any()
    assert window.fresh(many[:10] + np.uint64(2**63)).all()


def test_a_day_without_hashes_is_no_day() -> None:
    """All new: what was restored of two days has nothing of this shard."""
    window = DedupWindow(30)
    window.restore([(NOW - timedelta(days=1), hashes()), (NOW, hashes())])
    assert window.fresh(hashes(1, 2)).all()


def test_a_filter_knows_all_it_has_and_little_else() -> None:
    """Of 100,000 hashes all, and when it is full 1 to 2 of 100 others: three bits each, of 16, in words of 64."""
    generator = np.random.default_rng(2)
    known, others = (generator.integers(0, 2**64, 2**17, dtype=np.uint64) for _ in range(2))
    full = HashFilter.of(known)
    assert full.may_have(known).all()
    assert not full.has_room(1)
    assert 0.002 < full.may_have(others).mean() < 0.02
    assert not HashFilter(1_000).may_have(others).any()
