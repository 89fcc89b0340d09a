"""Looks at what a batch holds beside its rows: links between ids, and touches that came after their conversion.

It looks after the batch is stored and before it is marked so; what is seen is recorded with the mark. A kill in
between has the batch looked at again.
"""

import asyncio

import orjson

from attribution.identity import links_of
from ingest.frames import split
from schemas.identity import Link, Sightings
from storage.clickhouse.late_touches import LateTouches
from storage.spool.repository import SealedBatch, Spool

_IDENTIFY = b'"event_type":"identify"'
"""How a row says so: rows are written without spaces, and a quote within a text is escaped."""


class Lookout:
    """Looks at one shard's batches, one after the other."""

    def __init__(self, spool: Spool, touches: LateTouches) -> None:
        self._spool = spool
        self._touches = touches

    async def look(self, batch: SealedBatch, frames: bytes) -> Sightings:
        """Say what follows from a batch that is stored.

        Raises:
            StoreAwayError: the store did not answer.
        """
        links = await asyncio.to_thread(identify_links, frames)
        # Where nothing was attributed lately, no touch is late.
        touch_keys = await self._touches.keys(batch.sealed_at) if await self._spool.watches() else ()
        return Sightings(links, touch_keys)


def identify_links(frames: bytes) -> tuple[Link, ...]:
    """Read the links of the identify events in a batch. Conversions make theirs when they are attributed."""
    rows = (row for row in split(frames) if _IDENTIFY in row)
    events = (orjson.loads(row) for row in rows)
    return tuple(link for event in events if event["event_type"] == "identify" for link in links_of(event))
