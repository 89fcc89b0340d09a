"""Columns of the lake as numbers: texts as codes and hashes, and of too many rows those of a sample of the persons.

All is done by the column; there is no object for a row.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from attribution.journeys import Ints

Hashes = NDArray[np.uint64]
Columns = dict[str, NDArray[Any]]

NOTHING = np.uint64(0)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_ALL = 2**64 - 1


def text_hashes(texts: pa.Array) -> Hashes:
    """Hash texts [N] of their bytes: a polynomial modulo 2^64, then mixed. Equal texts have equal hashes."""
    whole = texts.cast(pa.large_string())
    if whole.null_count:
        whole = pc.fill_null(whole, "")
    _, offsets_buffer, data_buffer = whole.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64)[whole.offset : whole.offset + len(whole) + 1]
    if not len(whole):
        return np.empty(0, np.uint64)
    first, last = offsets[0], offsets[-1]
    data = np.frombuffer(data_buffer, np.uint8)[first:last] if last > first else np.empty(0, np.uint8)
    lengths = np.diff(offsets)
    places = np.arange(len(data)) - np.repeat(offsets[:-1] - first, lengths)
    powers = np.cumprod(np.full(int(lengths.max(initial=0)) + 1, _MULTIPLIER))
    # The sum before each text, taken from the sum at its end: both wrap around, and so does their difference.
    sums = np.concatenate(([NOTHING], np.cumsum((data.astype(np.uint64) + np.uint64(1)) * powers[places])))
    return mixed(sums[offsets[1:] - first] - sums[offsets[:-1] - first])


def mixed(numbers: Hashes) -> Hashes:
    """Spread numbers over all 64 bits. Source: the finalizer of Steele, Lea, Flood: SplitMix (2014)."""
    made = numbers + _MULTIPLIER
    made = (made ^ (made >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    made = (made ^ (made >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return made ^ (made >> np.uint64(31))


def is_among(numbers: Hashes, ordered: Hashes) -> NDArray[np.bool_]:
    """Say of each number whether it is one of those that are in order."""
    if not len(ordered):
        return np.zeros(len(numbers), np.bool_)
    places = np.minimum(np.searchsorted(ordered, numbers), len(ordered) - 1)
    found: NDArray[np.bool_] = ordered[places] == numbers
    return found


def group_starts(*keys: NDArray[np.generic]) -> Ints:
    """Give where each group begins in rows that are ordered by the keys, and the end of the last one."""
    rows = len(keys[0])
    if not rows:
        return np.zeros(1, np.int64)
    changes = np.zeros(rows, np.bool_)
    changes[0] = True
    for key in keys:
        changes[1:] |= key[1:] != key[:-1]
    return np.concatenate((np.flatnonzero(changes), [rows]))


class Words:
    """Codes of texts, in the order in which they come; '' has none, which is -1."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._codes)

    def codes(self, texts: pa.Array) -> Ints:
        """Give the codes of texts [N]."""
        if not pa.types.is_dictionary(texts.type):
            texts = pc.dictionary_encode(texts)
        own = [self._codes.setdefault(word, len(self._codes)) if word else -1 for word in texts.dictionary.to_pylist()]
        # The last one is what a null finds.
        table = np.array([*own, -1], np.int64)
        codes: Ints = table[pc.fill_null(texts.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)]
        return codes

    def ordered(self, codes: Ints) -> tuple[tuple[str, ...], Ints]:
        """Give the words in their own order, and codes as codes of these: whichever came first, the same."""
        words = sorted(self._codes)
        places = {word: place for place, word in enumerate(words)}
        table = np.array([*(places[word] for word in self._codes), -1], np.int64)
        return tuple(words), table[codes]


class PersonSample:
    """Rows of persons; of more than `rows_max` those of half of them, and so on.

    Which persons these are depends on their keys alone, not on the order in which rows come. `share` of them is kept.
    """

    def __init__(self, rows_max: int) -> None:
        self._rows_max = rows_max
        self._parts: list[Columns] = []
        self._rows = 0
        self._halvings = 0

    @property
    def share(self) -> float:
        """Which share of the persons is kept."""
        return 0.5**self._halvings

    def add(self, rows: Mapping[str, NDArray[Any]]) -> None:
        """Take rows, `person` (uint64) among their columns."""
        part = self._kept(dict(rows))
        self._parts.append(part)
        self._rows += len(part["person"])
        while self._rows > self._rows_max:
            self.halve()

    def halve(self) -> None:
        """Keep half of the persons."""
        self._halvings += 1
        self._parts = [self._kept(part) for part in self._parts]
        self._rows = sum(len(part["person"]) for part in self._parts)

    def rows(self) -> Columns | None:
        """Give all that is kept; None if nothing ever came."""
        if not self._parts:
            return None
        names = self._parts[0]
        return {name: np.concatenate([part[name] for part in self._parts]) for name in names}

    def _kept(self, part: Columns) -> Columns:
        if not self._halvings:
            return part
        persons: Hashes = part["person"]
        chosen = mixed(persons) <= np.uint64(_ALL >> self._halvings)
        return {name: column[chosen] for name, column in part.items()}
