"""Carries prepared events to tenants' actors: what is in flight together for one tenant travels in one call."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from actors.handles import TenantActors
from schemas.batches import PreparedEvents
from schemas.ids import TenantId
from schemas.limits import CALL_BYTES_MAX
from schemas.shards import Shard

_CALLS_AT_ONCE = 2
"""While one call waits for its commit, the next is on its way."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request's events are durable as of `spool_id`; `duplicates` of them were known before.

    `accepted_today` has the day's counts of the tenant's shards that took part.
    """

    spool_id: int
    duplicates: int
    accepted_today: Mapping[Shard, int]


@dataclass(slots=True)
class _Parcel:
    events: PreparedEvents
    done: asyncio.Future[Delivery]


class _Lane:
    """The parcels of one tenant."""

    def __init__(self, tenant_id: TenantId, actors: TenantActors) -> None:
        self._tenant_id = tenant_id
        self._actors = actors
        self._waiting: deque[_Parcel] = deque()
        self._calls: set[asyncio.Task[None]] = set()

    async def send(self, events: PreparedEvents) -> Delivery:
        parcel = _Parcel(events, asyncio.get_running_loop().create_future())
        self._waiting.append(parcel)
        if len(self._calls) < _CALLS_AT_ONCE:
            call = asyncio.create_task(self._drive())
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        return await parcel.done

    async def _drive(self) -> None:
        while self._waiting:
            parcels = self._load()
            try:
                durable = await self._actors.append(self._tenant_id, [parcel.events for parcel in parcels])
            except Exception as error:  # noqa: BLE001 - every waiting request must hear of it, whatever it was
                for parcel in parcels:
                    if not parcel.done.done():
                        parcel.done.set_exception(error)
                continue
            for parcel, duplicates in zip(parcels, durable.duplicates, strict=True):
                if not parcel.done.done():
                    parcel.done.set_result(Delivery(durable.spool_id, duplicates, durable.accepted_today))

    def _load(self) -> list[_Parcel]:
        parcels = [self._waiting.popleft()]
        size = parcels[0].events.size_bytes
        while self._waiting and size + self._waiting[0].events.size_bytes <= CALL_BYTES_MAX:
            parcels.append(self._waiting.popleft())
            size += parcels[-1].events.size_bytes
        return parcels


class Courier:
    """A lane for each tenant that this replica has seen."""

    def __init__(self, actors: TenantActors) -> None:
        self._actors = actors
        self._lanes: dict[TenantId, _Lane] = {}

    async def send(self, tenant_id: TenantId, events: PreparedEvents) -> Delivery:
        """Wait until the events are durable.

        Raises:
            Problem: they are not; the request may be sent again.
        """
        lane = self._lanes.get(tenant_id)
        if lane is None:
            lane = self._lanes[tenant_id] = _Lane(tenant_id, self._actors)
        return await lane.send(events)
