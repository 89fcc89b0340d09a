"""Which actors serve a tenant: the only module that knows. Everyone else calls by tenant.

A hot tenant's work is shared out among a few actors, its shards. How many there are, its own database says; it is asked
before an actor is looked up by its name, and again when a call fails. So nobody has to be told of a change: the actors
of the old layout are refused by the database from one moment on, and their callers look and go to the new ones.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from ray.exceptions import ActorDiedError, ActorUnavailableError, RayActorError, RayError, RayTaskError

from actors.host_calls import Consignment
from actors.host_lane import HostLane
from actors.placement import place_of, shared_places
from actors.tenant_host import WIRE, end_at, find_host
from ingest.split import split
from schemas.backends import Backends
from schemas.batches import AppendReceipt, Durable, EventBatch, PreparedEvents
from schemas.ids import TenantId
from schemas.limits import SHARDS_MAX
from schemas.problem import Problem
from schemas.problems import ActorUnavailable, TenantSuspended, Unavailable
from schemas.settings import Settings
from schemas.shards import Shard, all_shards
from storage.postgres.connect import CONNECTION_LOST, DATABASE_GONE, Databases
from storage.spool.layout import Layout, TenantClosedError

_TRIES = 3
_RETRY_SECONDS = 0.3
_CHECK_SECONDS = 8.0

Result = TypeVar("Result")


class TenantActors:
    """Typed calls to tenants' actors, started when first needed."""

    def __init__(self, backends: Backends, settings: Settings) -> None:
        self._backends = backends
        self._settings = settings
        self._counts: dict[TenantId, int] = {}
        self._hosts: dict[str, Any] = {}
        self._searches: dict[str, asyncio.Task[Any]] = {}
        self._lanes: dict[str, HostLane] = {}

    async def meet(self) -> None:
        """Connect to the hosts that tenants share: while Ray's control service is away, nobody is found any more.

        One that does not answer is met by the first call that needs it.
        """
        lanes = map(self._lane, shared_places(self._settings.actor.hosts))
        await asyncio.gather(*(lane.open() for lane in lanes), return_exceptions=True)

    async def append(self, tenant_id: TenantId, requests: Sequence[PreparedEvents]) -> Durable:
        """Make requests durable. A call that may have run is repeated: event ids make that harmless.

        If one shard does not take its part, none is acknowledged: what the others took counts as duplicates when the
        requests are sent again.

        Raises:
            Problem: a shard's own refusal, ActorUnavailable if it is out of reach, or TenantSuspended if nobody will
                take anything of this tenant any more.
        """

        async def send(count: int) -> Durable:
            receipts: list[tuple[Shard, AppendReceipt]] = []
            for together in split(requests, count):
                calls = {Shard(index, count): batch for index, batch in together.items()}
                taken = await asyncio.gather(*(self._append(tenant_id, *call) for call in calls.items()))
                receipts += zip(calls, taken, strict=True)
            return _together(receipts)

        return await self._in_layout(tenant_id, self._settings.serve.append_seconds, send)

    async def wait_stored(self, tenant_id: TenantId, spool_id: int) -> None:
        """Wait until ClickHouse has a spool row and all that the tenant committed before it, in whatever shard.

        Raises:
            ActorUnavailable: it did not within `append_seconds`.
        """

        async def wait(count: int) -> None:
            # Every shard knows. So the calls are shared out, too.
            await self._call(tenant_id, Shard(spool_id % count, count), "wait_stored", spool_id)

        await self._in_layout(tenant_id, self._settings.serve.append_seconds, wait)

    async def check(self, tenant_id: TenantId) -> None:
        """Ask whether the loops of all shards run; starts those that are away.

        Raises:
            ActorUnavailable: one is out of reach, or could not start yet.
        """

        async def check(count: int) -> None:
            await asyncio.gather(*(self._call(tenant_id, shard, "check") for shard in all_shards(count)))

        await self._in_layout(tenant_id, _CHECK_SECONDS, check)

    async def look_again(self, tenant_id: TenantId) -> None:
        """Have all shards look for work that was left for them in the database; starts those that are away.

        Raises:
            ActorUnavailable: one is out of reach; it will find the work when it starts, or within a minute.
        """

        async def look(count: int) -> None:
            await asyncio.gather(*(self._call(tenant_id, shard, "look_again") for shard in all_shards(count)))

        await self._in_layout(tenant_id, _CHECK_SECONDS, look)

    async def end(self, tenant_id: TenantId) -> None:
        """End all shards of a tenant whose database refuses them from now on, wherever they are.

        Raises:
            ActorUnavailable: a host does not answer.
        """
        # Those of earlier layouts may still be about.
        shards = {Shard(index, count) for count in range(1, SHARDS_MAX + 1) for index in range(count)}
        places = {place_of(tenant_id, shard, self._settings.actor.hosts) for shard in shards}
        try:
            await end_at(places, tenant_id, self._settings)
        except RayError as error:
            raise ActorUnavailable(retry_after_seconds=1) from error
        self._counts.pop(tenant_id, None)

    async def _append(self, tenant_id: TenantId, shard: Shard, batch: EventBatch) -> AppendReceipt:
        lane = self._lane(place_of(tenant_id, shard, self._settings.actor.hosts))
        return await self._repeated(tenant_id, shard, lambda: lane.append(Consignment(tenant_id, shard, batch)))

    def _lane(self, place: str) -> HostLane:
        lane = self._lanes.get(place)
        if lane is None:
            lane = self._lanes[place] = HostLane(lambda: self._host(place), self._backends.derive(WIRE))
        return lane

    async def _in_layout(
        self, tenant_id: TenantId, timeout_seconds: float, work: Callable[[int], Awaitable[Result]]
    ) -> Result:
        """Do something with as many shards as there are, from its beginning if they become more or fewer meanwhile."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while True:
                    count = self._counts.get(tenant_id) or await self._look(tenant_id)
                    try:
                        return await work(count)
                    except Unavailable as refusal:
                        try:
                            is_same = await self._look(tenant_id) == count
                        except ActorUnavailable:
                            # The layout cannot be asked for: what the shard itself said is nearer to the cause.
                            raise refusal from None
                        if is_same:
                            raise
        except TimeoutError as error:
            raise ActorUnavailable(retry_after_seconds=1) from error

    async def _look(self, tenant_id: TenantId) -> int:
        # It is asked so rarely that no connection is kept.
        databases = Databases(self._backends, self._settings.postgres)
        try:
            count = await Layout(databases.tenant(tenant_id)).shards()
        except TenantClosedError as error:
            raise TenantSuspended("The tenant is being deleted.") from error
        except (*CONNECTION_LOST, *DATABASE_GONE) as error:
            raise ActorUnavailable(retry_after_seconds=1) from error
        finally:
            await databases.close()
        self._counts[tenant_id] = count
        return count

    async def _call(self, tenant_id: TenantId, shard: Shard, method: str, *arguments: Any) -> Any:
        place = place_of(tenant_id, shard, self._settings.actor.hosts)

        async def call() -> Any:
            host = await self._host(place)
            return await getattr(host, method).remote(tenant_id, shard, *arguments)

        return await self._repeated(tenant_id, shard, call)

    async def _repeated(self, tenant_id: TenantId, shard: Shard, call: Callable[[], Awaitable[Result]]) -> Result:
        """Call a shard's host, more than once if it is away for a moment."""
        problem = ActorUnavailable(retry_after_seconds=1)
        try:
            for attempt in range(_TRIES):
                try:
                    return await call()
                except ActorUnavailableError:
                    await asyncio.sleep(_RETRY_SECONDS * (attempt + 1))
                except (ActorDiedError, RayActorError) as error:
                    # It has left because nobody needed it, or died: the name leads to its successor, if it has one.
                    self._hosts.pop(place_of(tenant_id, shard, self._settings.actor.hosts), None)
                    if await self._look(tenant_id) != shard.count:
                        raise problem from error
                    await asyncio.sleep(_RETRY_SECONDS * attempt)
        except RayTaskError as error:
            raise (error.cause if isinstance(error.cause, Problem) else problem) from error
        except RayError as error:
            # Ray itself is out of reach, or a host has more calls waiting than it takes.
            raise problem from error
        raise problem

    async def _host(self, place: str) -> Any:
        """Give the host of a place. All who ask while it is looked for wait for one search, which none can end."""
        if (host := self._hosts.get(place)) is not None:
            return host
        search = self._searches.get(place)
        if search is None:
            search = self._searches[place] = asyncio.create_task(self._find(place))
        return await asyncio.shield(search)

    async def _find(self, place: str) -> Any:
        try:
            host = self._hosts[place] = await find_host(place, self._backends, self._settings)
        finally:
            del self._searches[place]
        return host


def _together(receipts: Sequence[tuple[Shard, AppendReceipt]]) -> Durable:
    return Durable(
        spool_id=max(receipt.spool_id for _, receipt in receipts),
        duplicates=tuple(map(sum, zip(*(receipt.duplicates for _, receipt in receipts), strict=True))),
        accepted_today={shard: receipt.accepted_today for shard, receipt in receipts},
    )
