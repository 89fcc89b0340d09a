"""Which touches may be late, as a shard knows by itself."""

import numpy as np

from actors.watched_keys import WatchedKeys


def test_what_is_watched_is_found() -> None:
    """The keys that were added, over the whole range of hashes, however many there are; no others."""
    random = np.random.default_rng(1)
    hashes = np.unique(random.integers(0, 2**64, 40_000, dtype=np.uint64))
    watched = WatchedKeys()
    watched.add(hashes[::2].tolist())
    assert watched.among(hashes).tolist() == [place % 2 == 0 for place in range(len(hashes))]
    assert not WatchedKeys().among(hashes).any()
