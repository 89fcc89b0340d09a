"""The dedup window: which event ids were seen before, at 10 to 12 bytes an event.

An event id is known by its 64-bit hash. Two different ids meet with probability n / 2**64 for n remembered
ids: for 100 million events a month that is one event in 1.8e11 wrongly counted as a duplicate.

Hashes gather in a set; a full set becomes a sorted array, and arrays of one day are merged when they are of
like size, so that a day has a handful. A day leaves the window whole. A filter for each few days (2 to 4 bytes an
event) says of nearly every new id that none of them has it; only the others are searched for, by binary search.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain, groupby

import numpy as np
from numpy.typing import NDArray

from ingest.hash_filter import Hashes, HashFilter, Mask

_SET_MAX = 16_384
_SPELL_DAYS = 8
"""Days that share a filter. Few filters are looked up soon, small ones are made anew soon when they are full."""


def read_hashes(packed: bytes) -> Hashes:
    """View packed hashes (8 bytes each, little-endian) as an array."""
    return np.frombuffer(packed, dtype="<u8")


class DedupWindow:
    """Remembers the hashes of `days` days."""

    def __init__(self, days: int) -> None:
        self._window = timedelta(days=days)
        self._today: datetime | None = None
        self._spells: dict[int, _Spell] = {}

    def fresh(self, hashes: Hashes) -> Mask:
        """Say for each hash of a batch whether it is seen for the first time, within the batch too."""
        ordered, places = np.unique(hashes, return_index=True)
        is_fresh = np.ones(len(ordered), dtype=np.bool_)
        for spell in self._spells.values():
            is_fresh[spell.places_of_known(ordered)] = False
        mask = np.zeros(len(hashes), dtype=np.bool_)
        mask[places[is_fresh]] = True
        return mask

    def restore(self, remembered: Iterable[tuple[datetime, Hashes]]) -> None:
        """Add what was remembered before, oldest first: far faster than batch by batch, and in one array a day."""
        for day, hashes in groupby(remembered, key=lambda item: _day_of(item[0])):
            self._spell(day).restore(day, np.concatenate([part for _, part in hashes]))

    def remember(self, hashes: Hashes, now: datetime) -> None:
        """Add hashes whose events are durable, and let go of days that left the window."""
        day = _day_of(now)
        if day != self._today:
            self._today = day
            for spell in self._spells.values():
                spell.forget(before=day - self._window)
            self._spells = {number: spell for number, spell in self._spells.items() if spell.days}
        self._spell(day).add(day, hashes)

    def _spell(self, day: datetime) -> "_Spell":
        return self._spells.setdefault(day.toordinal() // _SPELL_DAYS, _Spell())


class _Spell:
    """The hashes of a few days: `days` has sorted arrays for each, and what came last is still in a set."""

    def __init__(self) -> None:
        self.days: dict[datetime, list[Hashes]] = {}
        self._recent: set[int] = set()
        self._recent_day: datetime | None = None
        self._filter = HashFilter(0)

    def places_of_known(self, ordered: Hashes) -> NDArray[np.int64]:
        """Say where among hashes in their order those are that are known."""
        places = np.flatnonzero(self._filter.may_have(ordered))
        asked = ordered[places]
        is_known = np.fromiter((value in self._recent for value in asked.tolist()), np.bool_, len(asked))
        for segment in self._segments() if len(asked) else ():
            found = np.searchsorted(segment, asked)
            np.minimum(found, len(segment) - 1, out=found)
            is_known |= segment[found] == asked
        return places[is_known]

    def add(self, day: datetime, hashes: Hashes) -> None:
        """Take hashes of a day. One that is known already does no harm, but takes up room."""
        if day != self._recent_day or len(self._recent) >= _SET_MAX:
            self._settle()
            self._recent_day = day
            self.days.setdefault(day, [])
        self._note(hashes)
        self._recent.update(hashes.tolist())

    def restore(self, day: datetime, hashes: Hashes) -> None:
        """Take all that a day is known to have."""
        # On a quiet day there may be none of a shard's.
        if len(hashes):
            self._note(hashes)
            self.days.setdefault(day, []).append(np.sort(hashes))

    def forget(self, *, before: datetime) -> None:
        """Let go of the days before one."""
        self._settle()
        for day in [day for day in self.days if day < before]:
            del self.days[day]

    def _note(self, hashes: Hashes) -> None:
        if not self._filter.has_room(len(hashes)):
            self._settle()
            known = np.concatenate([np.zeros(0, dtype=np.uint64), *self._segments()])
            # As much again: so each hash is noted twice, on average.
            self._filter = HashFilter.of(known, room=len(known) + len(hashes))
        self._filter.add(hashes)

    def _segments(self) -> Iterator[Hashes]:
        return chain.from_iterable(self.days.values())

    def _settle(self) -> None:
        """Turn the set into an array, and arrays of like size into one."""
        if not self._recent or self._recent_day is None:
            return
        segments = self.days[self._recent_day]
        segments.append(np.sort(np.fromiter(self._recent, np.uint64, len(self._recent))))
        self._recent = set()
        while len(segments) > 1 and len(segments[-2]) <= 2 * len(segments[-1]):
            # Two sorted runs, which this sort merges: five times as fast as sorting them anew.
            segments[-2:] = [np.sort(np.concatenate(segments[-2:]), kind="stable")]


def _day_of(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
