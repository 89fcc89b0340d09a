"""The work of one shard of a tenant, without Ray: commit, store, attribute, publish.

Four loops follow each other along the spool; each says to the next one when it has done something:

    append ──► Committer ──► Storer ──► Attributor ──► Publisher
               spool row     ClickHouse  pool, results  ClickHouse

What is to be done once for a tenant, four more loops of its first shard do: Identities tells on which links between ids
came or went, Recomputer runs history under another policy, FraudReviewer judges conversions again when more is known.
These three hand conversions back to the Attributor. Roller counts events for the reports.

Each repeats what it was doing after a failure, from what the databases say. So killing the process between
any two lines loses nothing and stores nothing twice.
"""

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Self

import structlog

from actors.adopted_policy import AdoptedPolicy
from actors.attributor import Attribute, Attributor
from actors.case_reader import CaseReader
from actors.committer import Committer
from actors.cursor import Cursor
from actors.flush_policy import Backlog
from actors.fraud_reviewer import FraudReviewer
from actors.identities import Identities
from actors.journey_reader import JourneyReader
from actors.lookout import Lookout
from actors.past_judge import PastJudge
from actors.publisher import Publisher
from actors.recomputer import NameConversions, Recomputer
from actors.roller import Roller
from actors.signal import Signal
from actors.store_turns import HostTurns
from actors.stored_watch import StoredWatch
from actors.storer import Storer
from actors.watched_keys import WatchedKeys
from schemas.batches import AppendReceipt, EventBatch
from schemas.ids import TenantId
from schemas.limits import RECOMPUTES_KEPT_DAYS
from schemas.settings import ActorSettings
from schemas.shards import Shard
from storage.clickhouse.attributed_writer import AttributedWriter
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.event_writer import EventWriter
from storage.clickhouse.fraud_reader import FraudReader
from storage.clickhouse.install_reader import InstallReader
from storage.clickhouse.late_touches import LateTouches
from storage.clickhouse.person_aliases import PersonAliases
from storage.clickhouse.rollups import Rollups
from storage.clickhouse.touch_reader import TouchReader
from storage.postgres.connect import CONNECTION_LOST, Database, Databases
from storage.postgres.conversion_writer import ConversionWriter
from storage.postgres.event_hours import EventHours
from storage.postgres.fraud_lists import FraudListStore
from storage.postgres.fraud_reviews import FraudReviews
from storage.postgres.identity_edges import IdentityEdges
from storage.postgres.jobs import TenantWork
from storage.postgres.origin_reader import OriginReader
from storage.postgres.past_conversions import PastConversions
from storage.postgres.policies import Policies
from storage.postgres.publications import Publications
from storage.postgres.recomputes import Recomputes
from storage.spool.repository import Spool
from telemetry.clock import utc_now
from tenancy.fraud_facts import FraudFactsReader, fraud_facts_reader
from tenancy.policy_adoption import name_conversions

_HOUSEKEEPING_SECONDS = 60.0
_HOUR_SECONDS = 3600.0
_OTHERS_SECONDS = 0.2
"""How often to look for what other shards have stored, while somebody waits for it."""

_CHANGES_SECONDS = 2.0
"""How often the first of several shards looks for links that the others have recorded."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stores:
    """The tenant's own stores as one shard uses them, and the pool's `attribute`."""

    database: Database
    commits: Spool
    spool: Spool
    events: EventWriter
    cases: CaseReader
    late_touches: LateTouches
    conversions: ConversionWriter
    fraud: FraudFactsReader
    fraud_reader: FraudReader
    publications: Publications
    attributed: AttributedWriter
    edges: IdentityEdges
    aliases: PersonAliases
    policies: Policies
    recomputes: Recomputes
    recompute_jobs: TenantWork
    review_jobs: TenantWork
    event_hours: EventHours
    rollups: Rollups
    attribute: Attribute
    name_conversions: NameConversions

    @classmethod
    def of(
        cls,
        databases: Databases,
        store: ClickHouse,
        tenant_id: TenantId,
        shard: Shard,
        settings: ActorSettings,
        attribute: Attribute,
    ) -> Self:
        """Make those of a shard of a tenant."""
        database = databases.tenant(tenant_id)
        return cls(
            database,
            Spool(databases.commits(tenant_id), shard),
            Spool(database, shard),
            EventWriter(store, tenant_id),
            CaseReader(TouchReader(store, tenant_id), InstallReader(store, tenant_id), OriginReader(database)),
            LateTouches(store, tenant_id),
            ConversionWriter(database, shard),
            fraud_facts_reader(database, store, tenant_id, keep_seconds=settings.fraud_keep_seconds),
            FraudReader(store, tenant_id),
            Publications(database, shard),
            AttributedWriter(store, tenant_id),
            IdentityEdges(database),
            PersonAliases(store, tenant_id),
            Policies(database),
            Recomputes(database),
            TenantWork(databases.control(), tenant_id, "recompute"),
            TenantWork(databases.control(), tenant_id, "fraud-review"),
            EventHours(database),
            Rollups(store, tenant_id),
            attribute,
            partial(name_conversions, databases, tenant_id),
        )


class TenantPipeline:
    """Everything a shard does."""

    def __init__(self, stores: Stores, shard: Shard, settings: ActorSettings, turns: HostTurns) -> None:
        """Take the shard's stores; `turns` are shared with the other shards of the host."""
        # What is a tenant's is shared out: no shard has to know how full the others are.
        settings = settings.model_copy(update={"spool_bytes_max": settings.spool_bytes_max // shard.count})
        spool, conversions, stored, recorded = stores.spool, stores.conversions, Signal(), Signal()
        poll_seconds = None if shard.count == 1 else _OTHERS_SECONDS
        self._database = stores.database
        self._shard = shard
        self._spool = spool
        self._conversions = conversions
        self._recomputes = stores.recomputes
        self._recompute_jobs = stores.recompute_jobs
        self._settings = settings
        self._turns = turns
        self._backlog = Backlog()
        self._ripening: asyncio.TimerHandle | None = None
        self._committed = Cursor()
        self._committer = Committer(stores.commits, shard, self._backlog, self._committed, settings)
        self._watched = WatchedKeys() if shard.count == 1 else None
        lookout = Lookout(spool, stores.late_touches, self._watched)
        self._storer = Storer(
            spool, stores.events, lookout, self._backlog, self._committed, stored, turns.events, settings
        )
        journeys = JourneyReader(stores.cases, conversions, stores.edges, stores.fraud, stored, self._watched)
        self._attributor = Attributor(
            conversions,
            journeys,
            AdoptedPolicy(stores.policies),
            stores.attribute,
            stored,
            recorded,
            poll_seconds,
            settings,
        )
        self._publisher = Publisher(stores.publications, stores.attributed, recorded, turns.events, settings)
        # What is to be done once for the tenant, its first shard does.
        judge = PastJudge(PastConversions(stores.database), journeys, stores.attribute, settings.attribution_rows)
        self._leads = shard.index == 0
        self._identities = Identities(
            stores.edges, stores.aliases, turns.events, stored, poll_seconds and _CHANGES_SECONDS
        )
        self._recomputer = Recomputer(
            stores.recomputes, stores.recompute_jobs, stores.policies, judge, stores.name_conversions, stored
        )
        self._reviewer = FraudReviewer(
            FraudReviews(stores.database),
            stores.review_jobs,
            FraudListStore(stores.database),
            stores.fraud_reader,
            stores.fraud,
            AdoptedPolicy(stores.policies),
            judge,
            stored,
            utc_now,
            settings,
        )
        self._stored = stored
        self._roller = Roller(
            stores.event_hours, stores.rollups, stored, turns.reports, settings, has_others=shard.count > 1
        )
        self._watch = StoredWatch(spool.oldest_waiting, stored, poll_seconds)
        self._epoch = 0

    async def start(self) -> None:
        """Take the epoch, then learn from the spool where the last incarnation stopped.

        Raises:
            LayoutSupersededError: the tenant has another number of shards: this one has no work.
        """
        self._epoch = await self._spool.take_epoch()
        await self._committer.recover()
        if self._watched:
            self._watched.add(await self._conversions.watched())
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
            if self._leads:
                loops.create_task(self._identities.run())
                loops.create_task(self._recomputer.run(self._epoch))
                loops.create_task(self._reviewer.run(self._epoch))
                loops.create_task(self._roller.run())
            loops.create_task(self._keep_house())

    async def append(self, batch: EventBatch) -> AppendReceipt:
        """Make a batch durable; see `Committer.append`."""
        receipt = await self._committer.append(batch)
        self._end_rests_when_ripe()
        return receipt

    def _end_rests_when_ripe(self) -> None:
        if self._ripening:
            self._ripening.cancel()
        seconds = self._backlog.ripe_in_seconds(self._settings, time.monotonic())
        if seconds == 0.0:
            self._turns.events.hurry()
        elif seconds < inf:
            self._ripening = asyncio.get_running_loop().call_later(seconds, self._turns.events.hurry)

    async def is_done(self) -> bool:
        """Say whether everything that was accepted or asked for is done."""
        return not await has_work(self._database, self._shard)

    def look_again(self) -> None:
        """Look for work that others than the loops have left in the database."""
        self._stored.give()

    async def wait_stored(self, spool_id: int) -> None:
        """Wait until ClickHouse has a spool row, and all that the tenant committed before it."""
        await self._watch.reach(spool_id)

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
            try:
                # Who has nothing to write would not notice that it may not.
                await self._spool.assert_epoch(self._epoch)
                self.look_again()
                await self._spool.forget(
                    stored_seconds=self._settings.keep_hours * _HOUR_SECONDS,
                    hash_days=self._settings.dedup_days,
                    letter_days=self._settings.dead_letter_days,
                    letters_max=self._settings.dead_letters_max,
                )
                if self._leads:
                    await self._conversions.forget_watched()
                    if await self._recomputes.forget():
                        await self._recompute_jobs.forget(RECOMPUTES_KEPT_DAYS)
            except CONNECTION_LOST as error:
                log.warning("housekeeping_failed", error=repr(error))


async def has_work(database: Database, shard: Shard) -> bool:
    """Say whether a shard has something left to store, attribute, publish, or, as the first, do for the tenant."""
    if (await Spool(database, shard).backlog()).events or await ConversionWriter(database, shard).has_pending():
        return True
    if await Publications(database, shard).has_waiting():
        return True
    return shard.index == 0 and (
        await IdentityEdges(database).has_changes()
        or await Recomputes(database).has_unfinished()
        or await FraudReviews(database).has_unfinished()
        or await EventHours(database).has_uncounted()
    )
