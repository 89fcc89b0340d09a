"""The Ray shell of one shard of a tenant: most tenants have one.

Found or started by name, restarted for ever, detached: it outlives whoever started it. Its memory is a
cache of the tenant's databases, from which every incarnation begins anew. When the tenant's layout changes, the
database refuses it: it sees to it that the shards of the new layout take up what is left, and leaves for good.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import ray
import structlog

from actors.attributor import PoolAwayError
from actors.case_reader import CaseReader
from actors.pipeline import Stores, TenantPipeline, has_work
from actors.pool_client import PoolClient
from schemas.backends import Backends
from schemas.batches import AppendReceipt, EventBatch
from schemas.ids import TenantId
from schemas.problems import ActorUnavailable
from schemas.settings import Settings
from schemas.shards import WHOLE_TENANT, Shard, all_shards
from storage.clickhouse.attributed_writer import AttributedWriter
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.event_writer import EventWriter
from storage.clickhouse.install_reader import InstallReader
from storage.clickhouse.rollups import Rollups
from storage.clickhouse.touch_reader import TouchReader
from storage.postgres.connect import CONNECTION_LOST, Database, Databases
from storage.postgres.conversion_writer import ConversionWriter
from storage.postgres.origin_reader import OriginReader
from storage.postgres.publications import Publications
from storage.spool.layout import Layout
from storage.spool.repository import Spool
from telemetry.backoff import Backoff
from telemetry.heap import settle_heap
from telemetry.logs import configure_logs

_START_SECONDS = 4.0
_PREFIX = "tenant/"
_PENDING_CALLS_MAX = 1_000
_LEAVING_SECONDS = 10.0

log = structlog.get_logger()


class TenantActor:
    """Takes the events of one shard of a tenant."""

    def __init__(self, tenant_id: TenantId, shard: Shard, backends: Backends, settings: Settings) -> None:
        """Begin to start; calls wait for it."""
        configure_logs()
        structlog.contextvars.bind_contextvars(tenant=tenant_id, shard=str(shard))
        self._tenant_id = tenant_id
        self._shard = shard
        self._backends = backends
        self._settings = settings
        self._database = Databases(backends, settings.postgres).tenant(tenant_id)
        self._pool = PoolClient(settings.pool.deadline_seconds)
        store = ClickHouse(backends, settings.clickhouse)
        self._pipeline = TenantPipeline(
            Stores(
                Spool(self._database, shard),
                EventWriter(store, tenant_id),
                CaseReader(
                    TouchReader(store, tenant_id), InstallReader(store, tenant_id), OriginReader(self._database)
                ),
                ConversionWriter(self._database, shard),
                Publications(self._database, shard),
                AttributedWriter(store, tenant_id),
                Rollups(store, tenant_id),
                self._pool.attribute,
            ),
            shard,
            settings.actor,
        )
        self._idle_seconds = settings.actor.idle_seconds
        self._calls = 0
        self._used_at = time.monotonic()
        self._started = asyncio.Event()
        # Ray runs the constructor on the actor's loop: a restarted actor goes on with its spool though nobody calls it.
        self._life = asyncio.get_running_loop().create_task(self._live())

    async def append(self, batch: EventBatch) -> AppendReceipt:
        """Make a batch durable.

        Raises:
            ActorUnavailable: the actor could not reach its database yet.
            Problem: see `Committer.append`.
        """
        with self._call():
            await self.check()
            return await self._pipeline.append(batch)

    async def wait_stored(self, spool_id: int) -> None:
        """Wait until ClickHouse has a spool row, and all that the tenant committed before it."""
        with self._call():
            await self._pipeline.wait_stored(spool_id)

    async def check(self) -> None:
        """Answer when the loops run.

        Raises:
            ActorUnavailable: they do not within a few seconds: the actor cannot reach its database.
        """
        if not self._started.is_set():
            try:
                async with asyncio.timeout(_START_SECONDS):
                    await self._started.wait()
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

    async def _live(self) -> None:
        try:
            began = time.monotonic()
            await self._start()
            settle_heap()
            self._started.set()
            log.info("activated", seconds=round(time.monotonic() - began, 3))
            async with asyncio.TaskGroup() as life:
                life.create_task(self._pipeline.run())
                life.create_task(self._leave_when_idle())
                life.create_task(self._open_pool())
        except BaseException:
            # Whatever it was, a new incarnation begins from what the databases say; Ray starts it.
            log.exception("incarnation_ended")
            try:
                await self._leave_to_others()
            finally:
                os._exit(1)

    async def _leave_to_others(self) -> None:
        """End for good if the tenant has another layout now, and have its shards finish what is left."""
        try:
            count = await Layout(self._database).shards()
            if count == self._shard.count:
                return
            for shard in all_shards(count):
                if await shard_has_work(self._database, shard):
                    find_actor(self._tenant_id, shard, self._backends, self._settings)
        except CONNECTION_LOST as error:
            # The next incarnation will ask again.
            log.warning("layout_unknown", error=repr(error))
            return
        log.info("left_to_others", shards=count)
        await self._end_for_good()

    async def _open_pool(self) -> None:
        # Before the first conversion needs it. If the pool is away, that conversion's attempts will tell.
        with suppress(PoolAwayError):
            await self._pool.open()

    async def _leave_when_idle(self) -> None:
        """End for good when nobody has called for long and nothing is left to do; the next call starts another."""
        while True:
            await asyncio.sleep(self._idle_seconds / 4)
            is_unused = not self._calls and time.monotonic() - self._used_at >= self._idle_seconds
            if is_unused and await self._is_done():
                break
        log.info("left_idle")
        await self._end_for_good()

    async def _end_for_good(self) -> None:
        # A call that arrives at this very moment is repeated by its caller, on a new incarnation.
        ray.kill(ray.get_runtime_context().current_actor, no_restart=True)
        await asyncio.sleep(_LEAVING_SECONDS)

    async def _is_done(self) -> bool:
        try:
            return await self._pipeline.is_done()
        except CONNECTION_LOST:
            return False

    async def _start(self) -> None:
        backoff = Backoff()
        while True:
            try:
                await self._pipeline.start()
            except CONNECTION_LOST as error:
                log.warning("start_failed", error=repr(error))
                await backoff.wait()
            else:
                return


def find_actor(tenant_id: TenantId, shard: Shard, backends: Backends, settings: Settings) -> Any:
    """Find the actor of a shard, or start it."""
    return (
        ray.remote(TenantActor)
        .options(
            name=f"{_PREFIX}{tenant_id}" if shard == WHOLE_TENANT else f"{_PREFIX}{tenant_id}/{shard}",
            namespace=settings.ray_namespace,
            lifetime="detached",
            get_if_exists=True,
            max_restarts=-1,
            # The caller retries: it knows how long its own client waits.
            max_task_retries=0,
            max_pending_calls=_PENDING_CALLS_MAX,
            num_cpus=settings.actor.cpus,
        )
        .remote(tenant_id, shard, backends, settings)
    )


def is_tenant_actor(name: str) -> bool:
    """Say whether a name in Ray's namespace is that of such an actor."""
    return name.startswith(_PREFIX)


async def shard_has_work(database: Database, shard: Shard) -> bool:
    """Say whether a shard has something left to store, to attribute or to publish."""
    return await has_work(Spool(database, shard), ConversionWriter(database, shard), Publications(database, shard))
