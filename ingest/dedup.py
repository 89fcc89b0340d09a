"""The dedup window: which event ids were seen before, at about 8 bytes an event.

An event id is known by its 64-bit hash. Two different ids meet with probability n / 2**64 for n remembered
ids: for 100 million events a month that is one event in 1.8e11 wrongly counted as a duplicate.

Hashes gather in a set; a full set becomes a sorted array, and arrays of one day are merged when they are of
like size, so that a day has a handful. A look-up of a whole batch is one binary search per array. A day
leaves the window whole.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Mask = NDArray[np.bool_]

_SET_MAX = 16_384


def read_hashes(packed: bytes) -> Hashes:
    """View packed hashes (8 bytes each, little-endian) as an array."""
    return np.frombuffer(packed, dtype="<u8")


class DedupWindow:
    """Remembers the hashes of `days` days."""

    def __init__(self, days: int) -> None:
        self._span = timedelta(days=days)
        self._recent: set[int] = set()
        self._recent_day: datetime | None = None
        self._days: dict[datetime, list[Hashes]] = {}

    def fresh(self, hashes: Hashes) -> Mask:
        """Say for each hash of a batch whether it is seen for the first time, within the batch too."""
        # In their order, so that one search ends near where the next one does.
        ordered, places = np.unique(hashes, return_index=True)
        is_fresh = np.ones(len(ordered), dtype=np.bool_)
        for segment in self._segments():
            found = np.searchsorted(segment, ordered)
            np.minimum(found, len(segment) - 1, out=found)
            is_fresh &= segment[found] != ordered
        values = ordered.tolist()
        if not self._recent.isdisjoint(values):
            is_fresh &= np.fromiter((value not in self._recent for value in values), np.bool_, len(values))
        mask = np.zeros(len(hashes), dtype=np.bool_)
        mask[places[is_fresh]] = True
        return mask

    def restore(self, remembered: Iterable[tuple[datetime, Hashes]]) -> None:
        """Add what was remembered before, oldest first: far faster than batch by batch, and in one array a day."""
        for day, hashes in groupby(remembered, key=lambda item: _day_of(item[0])):
            together = np.sort(np.concatenate([part for _, part in hashes]))
            # On a quiet day there may be none of a shard's.
            if len(together):
                self._days.setdefault(day, []).append(together)

    def remember(self, hashes: Hashes, now: datetime) -> None:
        """Add hashes whose events are durable, and let go of days that left the window."""
        day = _day_of(now)
        if day != self._recent_day:
            self._settle()
            self._recent_day = day
            for old in [known for known in self._days if known < day - self._span]:
                del self._days[old]
        self._recent.update(hashes.tolist())
        if len(self._recent) >= _SET_MAX:
            self._settle()

    def _segments(self) -> Iterator[Hashes]:
        for segments in self._days.values():
            yield from segments

    def _settle(self) -> None:
        if not self._recent or self._recent_day is None:
            return
        segments = self._days.setdefault(self._recent_day, [])
        segments.append(np.sort(np.fromiter(self._recent, np.uint64, len(self._recent))))
        self._recent.clear()
        while len(segments) > 1 and len(segments[-2]) <= 2 * len(segments[-1]):
            # Two sorted runs, which this sort merges: five times as fast as sorting them anew.
            segments[-2:] = [np.sort(np.concatenate(segments[-2:]), kind="stable")]


def _day_of(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
