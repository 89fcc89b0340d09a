"""Looks at what a batch holds beside its rows: when its events happened, links between ids, and late touches.

For touches it looks after the batch is stored and before it is marked so; what is seen is recorded with the mark. A
kill in between has the batch looked at again. What the rows say by themselves is read while the store takes them.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import orjson

from actors.watched_keys import WatchedKeys
from attribution.identity import links_of
from ingest.frames import texts
from schemas.identity import Link, Sightings
from storage.clickhouse.late_touches import LateTouches
from storage.spool.repository import SealedBatch, Spool
from telemetry.breaks import with_breaks

_IDENTIFY = b'"event_type":"identify"'
"""How a row says so: rows are written without spaces, and a quote within a text is escaped."""

_ASKED_AT_ONCE = 1_000
"""Keys that are looked for without a break, of what may be hundreds of thousands: a tenth of a millisecond."""

_MINUTE = re.compile(rb'"event_time":"(\d{4}-\d\d-\d\d.\d\d:\d\d)[^"Zz+-]*([Zz]|[+-][^"]*)"')


@dataclass(frozen=True, slots=True)
class Said:
    """What rows say of themselves: the starts (UTC) of the hours of their events, and links between ids."""

    hours: tuple[datetime, ...]
    links: tuple[Link, ...]


async def read_rows(frames: bytes) -> Said:
    """Read what follows from the rows of a batch, whether or not it is stored yet."""
    return await asyncio.to_thread(_read_rows, frames)


def _read_rows(frames: bytes) -> Said:
    """Read a text at a time: one search through all of a batch would keep Python's lock from commits for as long."""
    hours: set[datetime] = set()
    links: list[Link] = []
    for text in texts(frames):
        hours |= hours_of(text)
        links += identify_links(text)
    return Said(tuple(sorted(hours)), tuple(links))


class Lookout:
    """Looks at one shard's batches, one after the other."""

    def __init__(self, spool: Spool, touches: LateTouches, watched: WatchedKeys | None) -> None:
        """Take the shard's stores, and the keys that it watches; None if other shards watch some, too."""
        self._spool = spool
        self._touches = touches
        self._watched = watched

    async def look(self, batch: SealedBatch, said: Said) -> Sightings:
        """Say what follows from a batch that is stored, and from what its rows say.

        Raises:
            StoreAwayError: the store did not answer.
        """
        # Where nothing was attributed lately, no touch is late.
        touch_keys = await self._watched_keys(batch) if await self._spool.watches() else ()
        return Sightings(said.hours, said.links, touch_keys)

    def recorded(self) -> None:
        """Take note that what was seen last is recorded: it is not seen again."""
        self._touches.recorded()

    async def _watched_keys(self, batch: SealedBatch) -> tuple[tuple[int, datetime], ...]:
        stored = await self._touches.keys(batch.sealed_at)
        if self._watched is None:
            return stored.chosen(np.ones(len(stored.hashes), dtype=np.bool_))
        starts = range(0, len(stored.hashes), _ASKED_AT_ONCE)
        masks = [
            self._watched.among(stored.hashes[start : start + _ASKED_AT_ONCE]) async for start in with_breaks(starts)
        ]
        return stored.chosen(np.concatenate([np.zeros(0, dtype=np.bool_), *masks]))


def hours_of(text: bytes) -> set[datetime]:
    """Give the starts (UTC) of the hours in which the events of some rows happened."""
    minutes = set(_MINUTE.findall(text))
    times = (datetime.fromisoformat(b"".join(minute).decode().upper()).astimezone(UTC) for minute in minutes)
    return {time.replace(minute=0) for time in times}


def identify_links(text: bytes) -> tuple[Link, ...]:
    """Read the links of the identify events among some rows. Conversions make theirs when they are attributed."""
    if _IDENTIFY not in text:
        return ()
    events = (orjson.loads(row) for row in text.splitlines() if _IDENTIFY in row)
    return tuple(link for event in events if event["event_type"] == "identify" for link in links_of(event))
