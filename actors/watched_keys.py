"""Under which keys recent conversions look for touches, as the only shard of a tenant knows by itself.

Nearly all touches that are stored are under none of them. What is left is asked of the database, which decides.
"""

from collections.abc import Iterable

import numpy as np

from ingest.dedup import DedupWindow
from ingest.hash_filter import Hashes, Mask
from schemas.policy_document import SETTLE_HOURS_MAX
from telemetry.clock import utc_now

_DAYS = SETTLE_HOURS_MAX // 24 + 1
"""As long as the database watches a key: until its conversion has settled, by whatever policy, and for a day more."""


class WatchedKeys:
    """Hashes of match keys, each at 10 to 12 bytes."""

    def __init__(self) -> None:
        self._window = DedupWindow(_DAYS)

    def add(self, hashes: Iterable[int]) -> None:
        """Watch keys from now on."""
        self._window.remember(np.fromiter(hashes, np.uint64), utc_now())

    def among(self, hashes: Hashes) -> Mask:
        """Say which of these keys, each of which is there once, may be watched."""
        return ~self._window.fresh(hashes)
