"""A Bloom filter of 64-bit hashes, looked up and filled by whole arrays.

All bits of a hash lie in one word (a blocked filter: Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom
Filters", 2007), so a look-up is one read of memory where a binary search is twenty.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Mask = NDArray[np.bool_]

_BITS_PER_HASH = 16
_WORD_BITS = 64
_CAPACITY_MIN = 256
_ONE = np.uint64(1)
_IN_WORD = np.uint64(_WORD_BITS - 1)


class HashFilter:
    """Remembers up to `capacity` hashes; says of others that they may be there in about one of a hundred cases."""

    def __init__(self, capacity: int) -> None:
        """Make an empty filter: 2 bytes for each hash, and up to 4, as the number of words is a power of two."""
        words_log2 = (max(capacity, _CAPACITY_MIN) * _BITS_PER_HASH // _WORD_BITS - 1).bit_length()
        self._words = np.zeros(1 << words_log2, dtype=np.uint64)
        self._shift = np.uint64(_WORD_BITS - words_log2)
        self._room = (len(self._words) * _WORD_BITS) // _BITS_PER_HASH

    @classmethod
    def of(cls, hashes: Hashes, *, room: int = 0) -> Self:
        """Make one that remembers hashes and has room for so many more."""
        made = cls(len(hashes) + room)
        made.add(hashes)
        return made

    def has_room(self, count: int) -> bool:
        """Say whether so many more hashes leave it as sharp as it is meant to be."""
        return count <= self._room

    def add(self, hashes: Hashes) -> None:
        """Remember hashes."""
        np.bitwise_or.at(self._words, self._places(hashes), _bits(hashes))
        self._room -= len(hashes)

    def may_have(self, hashes: Hashes) -> Mask:
        """Say for each hash whether it may be there: never False for one that is."""
        bits = _bits(hashes)
        found: Mask = self._words[self._places(hashes)] & bits == bits
        return found

    def _places(self, hashes: Hashes) -> NDArray[np.int64]:
        return (hashes >> self._shift).astype(np.int64)


def _bits(hashes: Hashes) -> Hashes:
    """Give each hash's bits in its word: three, of parts of the hash that its place does not depend on."""
    first, second, third = (_ONE << ((hashes >> np.uint64(6 * part)) & _IN_WORD) for part in range(3))
    bits: Hashes = first | second | third
    return bits
