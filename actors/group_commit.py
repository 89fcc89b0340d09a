"""Makes one spool row of everything that arrived while the last commit ran.

No event waits for a timer: a lone batch is committed at once, and under load the groups grow by themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import zstandard

from ingest.dedup import DedupWindow, read_hashes
from ingest.hash_filter import Hashes, Mask
from schemas.batches import ConversionRow, DeadLetter, EventBatch, Tally


@dataclass(frozen=True, slots=True)
class Group:
    """A spool row to be: what is new in a few batches, and how much in each request was not.

    `duplicates` has, for each batch, a count for each of its requests.
    """

    events: int
    rows_bytes: int
    frames: bytes
    hashes: Hashes
    conversions: tuple[ConversionRow, ...]
    duplicates: tuple[tuple[int, ...], ...]
    received: int
    dead_letters: tuple[DeadLetter, ...]

    @property
    def tally(self) -> Tally:
        """Say what became of everything that the requests held."""
        return Tally(self.received, self.events, sum(map(sum, self.duplicates)), len(self.dead_letters))


def assemble(batches: Sequence[EventBatch], window: DedupWindow) -> Group:
    """Join batches, leaving out the events whose ids are in the window or came earlier in the same group."""
    hashes = [read_hashes(batch.event_hashes) for batch in batches]
    together = np.concatenate(hashes)
    fresh = window.fresh(together)
    masks = np.split(fresh, np.cumsum([len(part) for part in hashes])[:-1])
    kept = [_keep(batch, mask) for batch, mask in zip(batches, masks, strict=True)]
    return Group(
        events=int(fresh.sum()),
        rows_bytes=sum(batch.rows_bytes for batch in kept),
        frames=b"".join(batch.frame for batch in kept),
        hashes=together[fresh],
        conversions=tuple(conversion for batch in kept for conversion in batch.conversions),
        duplicates=tuple(_duplicates(batch, mask) for batch, mask in zip(batches, masks, strict=True)),
        received=sum(batch.received for batch in batches),
        dead_letters=tuple(letter for batch in batches for letter in batch.dead_letters),
    )


def _duplicates(batch: EventBatch, mask: Mask) -> tuple[int, ...]:
    if mask.all():
        return (0,) * len(batch.request_counts)
    ends = np.cumsum(batch.request_counts)[:-1]
    return tuple(int((~part).sum()) for part in np.split(mask, ends))


def _keep(batch: EventBatch, mask: Mask) -> EventBatch:
    if mask.all():
        return batch
    if not mask.any():
        return replace(batch, frame=b"", rows_bytes=0, conversions=())
    rows = zstandard.decompress(batch.frame).splitlines(keepends=True)
    kept = b"".join(row for row, keep in zip(rows, mask.tolist(), strict=True) if keep)
    return replace(
        batch,
        frame=zstandard.compress(kept, level=1),
        rows_bytes=len(kept),
        conversions=tuple(row for row in batch.conversions if mask[row.row]),
    )
