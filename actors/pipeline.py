"""The loop of a tenant's actor, without Ray: commit, store, attribute.

Three loops follow each other along the spool and share nothing but their places on it:

    append ──► Committer ──► Storer ──► Attributor
               spool row     ClickHouse  pool, results

Each repeats what it was doing after a failure, from what the databases say. So killing the process between
any two lines loses nothing and stores nothing twice.
"""

import asyncio
import time
from dataclasses import dataclass

import structlog

from actors.attributor import Attribute, Attributor
from actors.committer import Committer
from actors.cursor import Cursor
from actors.flush_policy import Backlog
from actors.storer import Storer
from schemas.batches import AppendReceipt, EventBatch
from schemas.settings import ActorSettings
from storage.clickhouse.event_writer import EventWriter
from storage.clickhouse.touch_reader import TouchReader
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.conversion_writer import ConversionWriter
from storage.spool.repository import Spool

_HOUSEKEEPING_SECONDS = 60.0
_HOUR_SECONDS = 3600.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stores:
    """The tenant's own stores, and the pool's `attribute`."""

    spool: Spool
    events: EventWriter
    touches: TouchReader
    conversions: ConversionWriter
    attribute: Attribute


class TenantPipeline:
    """Everything a tenant's actor does."""

    def __init__(self, stores: Stores, settings: ActorSettings) -> None:
        self._spool = stores.spool
        self._conversions = stores.conversions
        self._settings = settings
        self._backlog = Backlog()
        self._committed = Cursor()
        self._stored = Cursor()
        self._committer = Committer(stores.spool, self._backlog, self._committed, settings)
        self._storer = Storer(stores.spool, stores.events, self._backlog, self._committed, self._stored, settings)
        self._attributor = Attributor(stores.conversions, stores.touches, stores.attribute, self._stored, settings)
        self._epoch = 0

    async def start(self) -> None:
        """Take the epoch, then learn from the spool where the last incarnation stopped."""
        self._epoch = await self._spool.take_epoch()
        await self._committer.recover()
        left = await self._spool.backlog()
        if left.events:
            self._backlog.add(left.events, left.bytes, has_conversion=True, now=time.monotonic() - left.age_seconds)
        await self._committed.advance(left.newest_spool_id)
        await self._stored.advance(left.stored_spool_id)
        log.info("pipeline_started", epoch=self._epoch, backlog_events=left.events)

    async def run(self) -> None:
        """Run the loops until one raises.

        Raises:
            ExceptionGroup: of EpochSupersededError when a newer incarnation took over, or of what no loop expected.
        """
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._committer.run(self._epoch))
            loops.create_task(self._storer.run(self._epoch))
            loops.create_task(self._attributor.run(self._epoch))
            loops.create_task(self._keep_house())

    async def append(self, batch: EventBatch) -> AppendReceipt:
        """Make a batch durable; see `Committer.append`."""
        return await self._committer.append(batch)

    async def is_done(self) -> bool:
        """Say whether everything that was accepted is stored and attributed."""
        if self._backlog.events or self._stored.spool_id < self._committed.spool_id:
            return False
        return not await self._conversions.has_pending()

    async def wait_stored(self, spool_id: int) -> None:
        """Wait until ClickHouse has a spool row."""
        await self._stored.reach(spool_id)

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
            try:
                await self._spool.forget(
                    stored_seconds=self._settings.keep_hours * _HOUR_SECONDS,
                    hash_days=self._settings.dedup_days,
                    letter_days=self._settings.dead_letter_days,
                    letters_max=self._settings.dead_letters_max,
                )
            except CONNECTION_LOST as error:
                log.warning("housekeeping_failed", error=repr(error))
