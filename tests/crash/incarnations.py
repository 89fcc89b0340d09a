"""A tenant's pipeline without Ray, on the running stack's databases: an incarnation that a test holds in its hands."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from actors.decider import Decider, recorded
from actors.pipeline import Stores, TenantPipeline
from actors.store_turns import HostTurns
from ingest.frames import join
from ingest.parse import parse_events
from ingest.prepare import Stamp, prepare
from schemas.batches import EventBatch
from schemas.ids import new_batch_id
from schemas.policy import Policy
from schemas.results import RecordedOutcome
from schemas.settings import ClickHouseSettings
from schemas.shards import WHOLE_TENANT, Shard
from schemas.touchpoints import ConversionCase
from storage.clickhouse.connect import ClickHouse
from storage.postgres.connect import Databases
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, event, ndjson


@dataclass(frozen=True)
class Incarnation:
    """A started pipeline, and the task in which its loops run."""

    pipeline: TenantPipeline
    life: asyncio.Task[None]


async def _decide(cases: Sequence[ConversionCase], policy: Policy) -> list[RecordedOutcome]:
    return recorded(Decider(policy).decide(cases))


@asynccontextmanager
async def incarnation(
    running: RunningStack,
    tenant: ProvisionedTenant,
    postgres_port: int | None = None,
    shard: Shard = WHOLE_TENANT,
    clickhouse: ClickHouseSettings | None = None,
    turns: HostTurns | None = None,
) -> AsyncIterator[Incarnation]:
    """Start a shard's pipeline, which reaches Postgres by another port if one is named, and end it with the block."""
    settings, backends = running.stack.settings, running.stack.backends
    reached = replace(backends, postgres_port=postgres_port or backends.postgres_port)
    databases = Databases(reached, settings.postgres.for_shards())
    store = ClickHouse(backends, clickhouse or settings.clickhouse)
    stores = Stores.of(databases, store, tenant.tenant_id, shard, settings.actor, _decide)
    pipeline = TenantPipeline(stores, shard, settings.actor, turns or HostTurns.of(settings.actor))
    life = None
    try:
        await pipeline.start()
        life = asyncio.create_task(pipeline.run())
        yield Incarnation(pipeline, life)
    finally:
        if life:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
        # The pool gives connections back behind the loops' backs: closing it under that would be an error of nobody's.
        await asyncio.sleep(0.2)
        await databases.close()
        await store.close()


def batch(tenant: ProvisionedTenant, *event_ids: str) -> EventBatch:
    """Prepare installs of these ids, as a replica does."""
    return batch_of(tenant, *(event("install", event_id=event_id) for event_id in event_ids))


def batch_of(tenant: ProvisionedTenant, *events: dict[str, Any]) -> EventBatch:
    """Prepare events, as a replica does."""
    body = ndjson(list(events))
    stamp = Stamp(tenant.tenant_id, new_batch_id(), utc_now(), "127.0.0.1", "test")
    return join([prepare(parse_events(body, "application/x-ndjson"), stamp)])
