"""The Ray shell of tenants' shards: a process that serves many small tenants, or one shard of a hot one.

Found or started by its place's name, restarted for ever, detached: it outlives whoever started it. When it starts, it
takes up the shards that were at work at its place when its predecessor died. A host of a single shard ends with it.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psutil
import ray
import structlog
from ray.exceptions import RayError
from ray.util import get_node_ip_address, list_named_actors
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors.attributor import PoolAwayError
from actors.host_calls import Answer, Ticket, pack_answers, unpack_consignments
from actors.placement import is_shared, node_of, place_of
from actors.pool_client import PoolClient
from actors.store_turns import HostTurns
from actors.tenant_shard import HostTools, TenantShard
from actors.wire import Address, WireServer
from schemas.backends import Backends
from schemas.batches import AppendReceipt
from schemas.ids import TenantId
from schemas.problem import Problem
from schemas.problems import ActorUnavailable
from schemas.running_digest import running_digest
from schemas.settings import Settings
from schemas.shards import Shard
from schemas.working_parts import HostState
from storage.clickhouse.connect import ClickHouse
from storage.postgres.active_shards import ActiveShards
from storage.postgres.connect import CONNECTION_LOST, Databases
from telemetry.backoff import Backoff
from telemetry.clock import utc_now
from telemetry.code_version import code_version
from telemetry.heap import settle_heap
from telemetry.logs import configure_logs

WIRE = "wire"
"""For what the secret of hosts' wires is derived."""

_SWITCH_SECONDS = 0.0005
"""How long a thread that takes rows apart may keep the loop from its next step; a commit has half a dozen, and Python's
default is ten times this."""

_FINDER = ThreadPoolExecutor(1, thread_name_prefix="find-host")
_CALLS_MAX = 10_000
_TOGETHER_SECONDS = 0.1
_KEPT_SECONDS = 60.0

log = structlog.get_logger()


class TenantHost:
    """Serves the shards of one place."""

    def __init__(self, place: str, backends: Backends, settings: Settings) -> None:
        """Take up what was at work here."""
        configure_logs()
        # Now: the files may be of newer code later on.
        self._version = running_version(backends, settings)
        sys.setswitchinterval(_SWITCH_SECONDS)
        structlog.contextvars.bind_contextvars(place=place)
        self._place = place
        self._begun_at = utc_now()
        self._settings = settings
        self._backends = backends
        pool = PoolClient(settings.pool)
        self._active = ActiveShards(Databases(backends, settings.postgres).control())
        self._tools = HostTools(
            backends,
            settings,
            ClickHouse(backends, settings.clickhouse),
            pool.decide,
            self._active,
            self._wake,
            HostTurns.of(settings.actor),
        )
        self._shards: dict[tuple[TenantId, Shard], TenantShard] = {}
        self._late: dict[str, asyncio.Task[AppendReceipt]] = {}
        self._leaving: dict[tuple[TenantId, Shard], asyncio.Task[None]] = {}
        # Ray runs the constructor on the actor's loop.
        loop = asyncio.get_running_loop()
        self._beginning = loop.create_task(self._begin(pool))
        self._beginning.add_done_callback(_log_beginning)
        own_address: str = get_node_ip_address()  # type: ignore[no-untyped-call]
        self._listening = loop.create_task(WireServer(self.append, backends.derive(WIRE)).open(own_address))

    async def address(self) -> Address:
        """Say where calls of `append` are taken over a wire."""
        return await asyncio.shield(self._listening)

    async def state(self) -> HostState:
        """Say how this process fares."""
        own_address: str = get_node_ip_address()  # type: ignore[no-untyped-call]
        memory_bytes = psutil.Process().memory_info().rss
        return HostState(own_address, os.getpid(), self._begun_at, memory_bytes, len(self._shards))

    async def append(self, packed: bytes) -> bytes:
        """Make batches durable: a receipt for each, or the shard's refusal, or a ticket if it takes long.

        See `TenantShard.append`; `actors.host_calls` says how both ways are packed.
        """
        calls = [
            asyncio.create_task(self._shard(each.tenant_id, each.shard).append(each.batch))
            for each in unpack_consignments(packed)
        ]
        for call in calls:
            call.add_done_callback(_log_failure)
        await asyncio.wait(calls, timeout=_TOGETHER_SECONDS)
        return pack_answers([self._answer(call) for call in calls])

    def _answer(self, call: asyncio.Task[AppendReceipt]) -> Answer:
        if not call.done():
            ticket = Ticket(secrets.token_hex(16))
            self._late[ticket.number] = call
            call.add_done_callback(lambda _: self._forget_later(ticket.number))
            return ticket
        error = call.exception()
        if error is None:
            return call.result()
        return error if isinstance(error, Problem) else ActorUnavailable(retry_after_seconds=1)

    def _forget_later(self, number: str) -> None:
        """Keep an answer for a while: whoever has the ticket may have died."""
        asyncio.get_running_loop().call_later(_KEPT_SECONDS, lambda: self._late.pop(number, None))

    async def collect(self, number: str) -> AppendReceipt:
        """Give the receipt of a batch that took long.

        Raises:
            ActorUnavailable: this host is not the one that gave the ticket; it has died since.
        """
        call = self._late.get(number)
        if call is None:
            raise ActorUnavailable(retry_after_seconds=1)
        return await asyncio.shield(call)

    async def wait_stored(self, tenant_id: TenantId, shard: Shard, spool_id: int) -> None:
        """Wait until ClickHouse has a spool row; see `TenantShard.wait_stored`."""
        await self._shard(tenant_id, shard).wait_stored(spool_id)

    async def look_again(self, tenant_id: TenantId, shard: Shard) -> None:
        """Have a shard's loops look for work in the database; see `TenantShard.look_again`."""
        await self._shard(tenant_id, shard).look_again()

    async def check(self, tenant_id: TenantId, shard: Shard) -> None:
        """Answer when a shard's loops run; see `TenantShard.check`."""
        await self._shard(tenant_id, shard).check()

    async def end(self, tenant_id: TenantId) -> None:
        """End a tenant's shards here, whatever they are doing: its database takes nothing from them any more."""
        lives = [shard.life for (owner, _), shard in self._shards.items() if owner == tenant_id]
        lives += [life for (owner, _), life in self._leaving.items() if owner == tenant_id]
        for life in lives:
            life.cancel()
        if lives:
            await asyncio.wait(lives)

    async def version(self) -> str:
        """Say what runs here; see `running_version`."""
        return self._version

    async def begun(self) -> None:
        """Answer when what was at work here has been taken up."""
        await asyncio.shield(self._beginning)

    def _shard(self, tenant_id: TenantId, shard: Shard) -> TenantShard:
        key = tenant_id, shard
        found = self._shards.get(key)
        if found is None:
            found = TenantShard(tenant_id, shard, self._tools, self._leave, self._leaving.get(key))
            self._shards[key] = found
        return found

    def _leave(self, shard: TenantShard) -> None:
        if self._shards.get(shard.key) is shard:
            del self._shards[shard.key]
            self._leaving[shard.key] = shard.life
            shard.life.add_done_callback(lambda _: self._left(shard))

    def _left(self, shard: TenantShard) -> None:
        if self._leaving.get(shard.key) is shard.life:
            del self._leaving[shard.key]
        if not self._shards and not is_shared(self._place):
            # A call that arrives at this very moment is repeated by its caller, on a new process.
            ray.kill(ray.get_runtime_context().current_actor, no_restart=True)

    async def _begin(self, pool: PoolClient) -> None:
        backoff = Backoff()
        while True:
            try:
                active = await self._active.all()
            except CONNECTION_LOST as error:
                log.warning("active_shards_unknown", error=repr(error))
                await backoff.wait()
            else:
                break
        for key in active:
            if place_of(*key, self._settings.actor.hosts) == self._place:
                self._shard(*key)
        # Before the first conversion needs it. If the pool is away, that conversion's attempts will tell.
        with suppress(PoolAwayError):
            await pool.open()
        settle_heap()

    async def _wake(self, tenant_id: TenantId, shard: Shard) -> None:
        place = place_of(tenant_id, shard, self._settings.actor.hosts)
        with suppress(RayError, Problem):
            host = await find_host(place, self._backends, self._settings)
            await host.check.remote(tenant_id, shard)


def _log_failure(call: asyncio.Task[AppendReceipt]) -> None:
    """Log what no shard should have raised: whoever called learns no more than that it may try again."""
    error = None if call.cancelled() else call.exception()
    if error is not None and not isinstance(error, Problem):
        log.error("append_failed", exc_info=error)


def _log_beginning(beginning: asyncio.Task[None]) -> None:
    """Log why a host could not take up what was at work here: nobody may ever ask."""
    error = None if beginning.cancelled() else beginning.exception()
    if error is not None:
        log.error("beginning_failed", exc_info=error)


def running_version(backends: Backends, settings: Settings) -> str:
    """Name code, settings and stores together: a host of the same name need not be started anew."""
    return running_digest(backends, settings, code_version())


async def find_host(place: str, backends: Backends, settings: Settings) -> Any:
    """Find the process of a place, or start it.

    Off the loop: Ray's control service is asked, and while that is away the answer takes as long as it is. Whoever
    knows its host meanwhile must not wait for it.
    """
    return await asyncio.get_running_loop().run_in_executor(_FINDER, _found, place, backends, settings)


def _found(place: str, backends: Backends, settings: Settings) -> Any:
    with suppress(ValueError):
        return ray.get_actor(place, settings.ray_namespace)
    return (
        ray.remote(TenantHost)
        .options(
            name=place,
            namespace=settings.ray_namespace,
            lifetime="detached",
            get_if_exists=True,
            max_restarts=-1,
            # The caller retries: it knows how long its own client waits.
            max_task_retries=0,
            max_pending_calls=_CALLS_MAX,
            max_concurrency=_CALLS_MAX,
            num_cpus=settings.actor.cpus,
            label_selector=settings.placement.hosts,
            scheduling_strategy=_scheduling(place, settings),
        )
        .remote(place, backends, settings)
    )


def _scheduling(place: str, settings: Settings) -> NodeAffinitySchedulingStrategy | str:
    """Say on which node a new host is best; if that has no room, or dies, it is Ray's choice."""
    labels, cpus = settings.placement.hosts.items(), settings.actor.cpus
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call] # Ray's own
    fit = [
        each["NodeID"]
        for each in nodes
        if each["Alive"] and labels <= each["Labels"].items() and each["Resources"].get("CPU", 0) >= cpus
    ]
    if not fit:
        return "SPREAD"
    return NodeAffinitySchedulingStrategy(node_of(place, fit), soft=True, _spill_on_unavailable=True)


async def end_at(places: Collection[str], tenant_id: TenantId, settings: Settings) -> None:
    """End a tenant's shards at these places, as far as there are hosts."""
    for named in list_named_actors(all_namespaces=True):
        if named["namespace"] == settings.ray_namespace and named["name"] in places:
            host = ray.get_actor(named["name"], settings.ray_namespace)
            if is_shared(named["name"]):
                await host.end.remote(tenant_id)
            else:
                ray.kill(host, no_restart=True)
