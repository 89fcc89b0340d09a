"""Carries prepared events to tenants' actors: what is in flight together for one tenant travels in one call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actors.handles import TenantActors
from actors.lane import Lane
from schemas.batches import PreparedEvents
from schemas.ids import TenantId
from schemas.shards import Shard


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request's events are durable as of `spool_id`; `duplicates` of them were known before.

    `accepted_today` has the day's counts of the tenant's shards that took part.
    """

    spool_id: int
    duplicates: int
    accepted_today: Mapping[Shard, int]


class Courier:
    """A lane for each tenant that this replica has seen."""

    def __init__(self, actors: TenantActors) -> None:
        self._actors = actors
        self._lanes: dict[TenantId, Lane[PreparedEvents, Delivery]] = {}

    async def send(self, tenant_id: TenantId, events: PreparedEvents) -> Delivery:
        """Wait until the events are durable.

        Raises:
            Problem: they are not; the request may be sent again.
        """
        lane = self._lanes.get(tenant_id)
        if lane is None:
            lane = self._lanes[tenant_id] = self._lane(tenant_id)
        return await lane.carry(events)

    def _lane(self, tenant_id: TenantId) -> Lane[PreparedEvents, Delivery]:
        async def send(requests: Sequence[PreparedEvents]) -> list[Delivery]:
            durable = await self._actors.append(tenant_id, requests)
            return [Delivery(durable.spool_id, duplicates, durable.accepted_today) for duplicates in durable.duplicates]

        return Lane[PreparedEvents, Delivery](send, lambda events: events.size_bytes)
