"""The life of one shard of a tenant within its host: one incarnation after another, until nobody needs it.

Its memory is a cache of the tenant's databases, from which every incarnation begins anew. It leaves when it is idle and
nothing is left to do, and when the database refuses it: another host has taken over, or the tenant has another layout.
In the latter case it sees to it that the shards of the new layout take up what is left.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from actors.pipeline import Stores, TenantPipeline, has_work
from actors.store_turns import HostTurns
from schemas.backends import Backends
from schemas.batches import AppendReceipt, EventBatch
from schemas.ids import TenantId
from schemas.policy import Policy
from schemas.problems import ActorUnavailable
from schemas.results import RecordedOutcome
from schemas.settings import Settings
from schemas.shards import Shard, all_shards
from schemas.touchpoints import ConversionCase
from storage.clickhouse.connect import ClickHouse
from storage.postgres.active_shards import ActiveShards
from storage.postgres.connect import CONNECTION_LOST, DATABASE_GONE, Database, Databases
from storage.postgres.fencing import EpochSupersededError, LayoutSupersededError
from storage.spool.layout import Layout, TenantClosedError
from telemetry.backoff import Backoff

_START_SECONDS = 4.0
_GIVE_BACK_SECONDS = 0.2

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class HostTools:
    """What the shards of one host share. `wake` has a shard's host begin with it; `turns` are for storing."""

    backends: Backends
    settings: Settings
    store: ClickHouse
    attribute: Callable[[TenantId, Sequence[ConversionCase], Policy], Awaitable[list[RecordedOutcome]]]
    active: ActiveShards
    wake: Callable[[TenantId, Shard], Awaitable[None]]
    turns: HostTurns


class TenantShard:
    """Takes the events of one shard of a tenant."""

    def __init__(
        self,
        tenant_id: TenantId,
        shard: Shard,
        tools: HostTools,
        left: Callable[["TenantShard"], None],
        predecessor: asyncio.Task[None] | None,
    ) -> None:
        """Begin to start, when the predecessor in this host has ended; calls wait for it.

        `left` is called at the very moment from which it takes no more calls.
        """
        self.key = tenant_id, shard
        self._tenant_id = tenant_id
        self._shard = shard
        self._tools = tools
        self._left = left
        self._calls = 0
        self._used_at = time.monotonic()
        self._incarnation: asyncio.Future[TenantPipeline] = asyncio.get_running_loop().create_future()
        self._entering: asyncio.Task[None] | None = None
        self._entered: datetime | None = None
        self.life = asyncio.create_task(self._live(predecessor))

    async def append(self, batch: EventBatch) -> AppendReceipt:
        """Make a batch durable.

        Raises:
            ActorUnavailable: the shard could not reach its database yet.
            Problem: see `Committer.append`.
        """
        with self._call():
            return await (await self._started()).append(batch)

    async def wait_stored(self, spool_id: int) -> None:
        """Wait until ClickHouse has a spool row, and all that the tenant committed before it.

        Raises:
            ActorUnavailable: the shard ended meanwhile, or could not start.
        """
        with self._call():
            await (await self._started()).wait_stored(spool_id)

    async def look_again(self) -> None:
        """Have the loops look for what the API has left for them in the database.

        Raises:
            ActorUnavailable: the shard could not start.
        """
        with self._call():
            (await self._started()).look_again()

    async def check(self) -> None:
        """Answer when the loops run.

        Raises:
            ActorUnavailable: they do not within a few seconds: the shard cannot reach its database.
        """
        with self._call():
            await self._started()

    async def _started(self) -> TenantPipeline:
        try:
            async with asyncio.timeout(_START_SECONDS):
                return await asyncio.shield(self._incarnation)
        except TimeoutError as error:
            raise ActorUnavailable(retry_after_seconds=1) from error

    @contextmanager
    def _call(self) -> Iterator[None]:
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            self._used_at = time.monotonic()

    async def _live(self, predecessor: asyncio.Task[None] | None) -> None:
        structlog.contextvars.bind_contextvars(tenant=self._tenant_id, shard=str(self._shard))
        if predecessor:
            await asyncio.wait({predecessor})
        backoff = Backoff()
        backends, postgres = self._tools.backends, self._tools.settings.postgres
        databases = Databases(backends, postgres.for_shards())
        try:
            while not await self._incarnate(databases):
                # A new incarnation begins from what the databases say.
                self._incarnation = asyncio.get_running_loop().create_future()
                await backoff.wait()
        finally:
            self._leave()
            # asyncpg gives connections back behind its borrowers' backs.
            await asyncio.sleep(_GIVE_BACK_SECONDS)
            await databases.close()

    def _leave(self) -> None:
        """Take no more calls; those that still wait for a start are told."""
        self._left(self)
        if not self._incarnation.done():
            self._incarnation.set_exception(ActorUnavailable(retry_after_seconds=1))
            # There may be nobody to tell.
            self._incarnation.exception()

    async def _incarnate(self, databases: Databases) -> bool:
        """Start, and go on until something ends it; say whether it was the last of its kind."""
        try:
            async with asyncio.TaskGroup() as loops:
                pipeline = await self._start(self._pipeline(databases), loops)
                running = loops.create_task(pipeline.run())
                self._incarnation.set_result(pipeline)
                await self._until_idle(pipeline)
                running.cancel()
                if self._entering:
                    self._entering.cancel()
        except Exception as error:
            if not _is_superseded(error):
                log.exception("incarnation_ended")
                return False
            self._leave()
            await self._leave_to_others(databases.tenant(self._tenant_id))
        else:
            await self._strike_out()
        return True

    async def _start(self, pipeline: TenantPipeline, loops: asyncio.TaskGroup) -> TenantPipeline:
        began = time.monotonic()
        backoff = Backoff()
        while True:
            try:
                await pipeline.start()
            except CONNECTION_LOST as error:
                log.warning("start_failed", error=repr(error))
                await backoff.wait()
            else:
                break
        if not await self._enter():
            # The control database is away: that must not keep events out.
            self._entering = loops.create_task(self._enter_later())
        log.info("activated", seconds=round(time.monotonic() - began, 3))
        return pipeline

    async def _enter_later(self) -> None:
        backoff = Backoff()
        while not await self._enter():
            await backoff.wait()

    def _pipeline(self, databases: Databases) -> TenantPipeline:
        tools, settings = self._tools, self._tools.settings.actor
        attribute = partial(tools.attribute, self._tenant_id)
        stores = Stores.of(databases, tools.store, self._tenant_id, self._shard, settings, attribute)
        return TenantPipeline(stores, self._shard, settings, tools.turns)

    async def _until_idle(self, pipeline: TenantPipeline) -> None:
        """Return when nobody has called for long and nothing is left to do; the next call starts another life."""
        idle_seconds = self._tools.settings.actor.idle_seconds
        while True:
            await asyncio.sleep(idle_seconds / 4)
            with suppress(*CONNECTION_LOST):
                if self._is_unused(idle_seconds) and await pipeline.is_done() and self._is_unused(idle_seconds):
                    log.info("left_idle")
                    self._left(self)
                    return

    def _is_unused(self, idle_seconds: float) -> bool:
        return not self._calls and time.monotonic() - self._used_at >= idle_seconds

    async def _leave_to_others(self, database: Database) -> None:
        """If the tenant has another layout now, have its shards finish what is left."""
        backoff = Backoff()
        while True:
            try:
                count = await Layout(database).shards()
                if count == self._shard.count:
                    return
                for shard in all_shards(count):
                    if await has_work(database, shard):
                        await self._tools.wake(self._tenant_id, shard)
            except DATABASE_GONE:
                # Erased, and struck out by whoever erased it; or the password was renewed, and what is left to do here
                # is for a host that knows it.
                log.info("left_unreadable_tenant")
                return
            except TenantClosedError:
                log.info("left_closed_tenant")
                break
            except CONNECTION_LOST as error:
                log.warning("layout_unknown", error=repr(error))
                await backoff.wait()
            else:
                log.info("left_to_others", shards=count)
                break
        await self._strike_out()

    async def _enter(self) -> bool:
        self._entered = await self._tools.active.enter(self._tenant_id, self._shard)
        return self._entered is not None

    async def _strike_out(self) -> None:
        if self._entered:
            await self._tools.active.leave(self._tenant_id, self._shard, self._entered)


def _is_superseded(error: Exception) -> bool:
    kinds = (EpochSupersededError, LayoutSupersededError, *DATABASE_GONE)
    return isinstance(error, ExceptionGroup) and error.subgroup(kinds) is not None
