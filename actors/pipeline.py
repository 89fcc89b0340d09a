"""The work of one shard of a tenant's actor, without Ray: commit, store, attribute, publish.

Four loops follow each other along the spool; each says to the next one when it has done something:

    append ──► Committer ──► Storer ──► Attributor ──► Publisher
               spool row     ClickHouse  pool, results  ClickHouse

Each repeats what it was doing after a failure, from what the databases say. So killing the process between
any two lines loses nothing and stores nothing twice.
"""

import asyncio
import time
from dataclasses import dataclass

import structlog

from actors.attributor import Attribute, Attributor
from actors.case_reader import CaseReader
from actors.committer import Committer
from actors.cursor import Cursor
from actors.flush_policy import Backlog
from actors.publisher import Publisher
from actors.roller import Roller
from actors.signal import Signal
from actors.stored_watch import StoredWatch
from actors.storer import Storer
from schemas.batches import AppendReceipt, EventBatch
from schemas.settings import ActorSettings
from schemas.shards import Shard
from storage.clickhouse.attributed_writer import AttributedWriter
from storage.clickhouse.event_writer import EventWriter
from storage.clickhouse.rollups import Rollups
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.conversion_writer import ConversionWriter
from storage.postgres.publications import Publications
from storage.spool.repository import Spool

_HOUSEKEEPING_SECONDS = 60.0
_HOUR_SECONDS = 3600.0
_OTHERS_SECONDS = 0.2
"""How often to look for what other shards have stored, while somebody waits for it."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stores:
    """The tenant's own stores as one shard uses them, and the pool's `attribute`."""

    spool: Spool
    events: EventWriter
    cases: CaseReader
    conversions: ConversionWriter
    publications: Publications
    attributed: AttributedWriter
    rollups: Rollups
    attribute: Attribute


class TenantPipeline:
    """Everything a shard does."""

    def __init__(self, stores: Stores, shard: Shard, settings: ActorSettings) -> None:
        # What is a tenant's is shared out: no shard has to know how full the others are.
        settings = settings.model_copy(update={"spool_bytes_max": settings.spool_bytes_max // shard.count})
        spool, conversions, stored, recorded = stores.spool, stores.conversions, Signal(), Signal()
        poll_seconds = None if shard.count == 1 else _OTHERS_SECONDS
        self._spool = spool
        self._conversions = conversions
        self._publications = stores.publications
        self._settings = settings
        self._backlog = Backlog()
        self._committed = Cursor()
        self._committer = Committer(spool, shard, self._backlog, self._committed, settings)
        self._storer = Storer(spool, stores.events, self._backlog, self._committed, stored, settings)
        self._attributor = Attributor(
            conversions, stores.cases, stores.attribute, stored, recorded, poll_seconds, settings
        )
        self._publisher = Publisher(stores.publications, stores.attributed, recorded, settings)
        # What is counted is the whole tenant's: one shard does it for all.
        roller = Roller(stores.rollups, stored, settings, has_others=shard.count > 1)
        self._roller = roller if shard.index == 0 else None
        self._watch = StoredWatch(spool.oldest_waiting, stored, poll_seconds)
        self._epoch = 0

    async def start(self) -> None:
        """Take the epoch, then learn from the spool where the last incarnation stopped.

        Raises:
            LayoutSupersededError: the tenant has another number of shards: this one has no work.
        """
        self._epoch = await self._spool.take_epoch()
        await self._committer.recover()
        left = await self._spool.backlog()
        if left.events:
            self._backlog.add(left.events, left.bytes, has_conversion=True, now=time.monotonic() - left.age_seconds)
        # What this shard remembers may lie in any row that was there before it.
        self._committed.advance(await self._spool.newest())
        log.info("pipeline_started", epoch=self._epoch, backlog_events=left.events)

    async def run(self) -> None:
        """Run the loops until one raises.

        Raises:
            ExceptionGroup: of EpochSupersededError when a newer incarnation or layout took over, or of what no loop
                expected.
        """
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._committer.run(self._epoch))
            loops.create_task(self._storer.run(self._epoch))
            loops.create_task(self._attributor.run(self._epoch))
            loops.create_task(self._publisher.run())
            loops.create_task(self._watch.run())
            if self._roller:
                loops.create_task(self._roller.run())
            loops.create_task(self._keep_house())

    async def append(self, batch: EventBatch) -> AppendReceipt:
        """Make a batch durable; see `Committer.append`."""
        return await self._committer.append(batch)

    async def is_done(self) -> bool:
        """Say whether everything that was accepted is stored, attributed and published."""
        return not await has_work(self._spool, self._conversions, self._publications)

    async def wait_stored(self, spool_id: int) -> None:
        """Wait until ClickHouse has a spool row, and all that the tenant committed before it."""
        await self._watch.reach(spool_id)

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
            try:
                # Who has nothing to write would not notice that it may not.
                await self._spool.assert_epoch(self._epoch)
                await self._spool.forget(
                    stored_seconds=self._settings.keep_hours * _HOUR_SECONDS,
                    hash_days=self._settings.dedup_days,
                    letter_days=self._settings.dead_letter_days,
                    letters_max=self._settings.dead_letters_max,
                )
            except CONNECTION_LOST as error:
                log.warning("housekeeping_failed", error=repr(error))


async def has_work(spool: Spool, conversions: ConversionWriter, publications: Publications) -> bool:
    """Say whether a shard has something left to store, to attribute or to publish."""
    return bool((await spool.backlog()).events) or await conversions.has_pending() or await publications.has_waiting()
