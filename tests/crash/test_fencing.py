"""Two incarnations of one tenant's pipeline: one wins."""

import asyncio
from collections.abc import Sequence

import pytest

from actors.pipeline import Stores, TenantPipeline
from attribution.decide import attribute
from ingest.frames import join
from ingest.parse import parse_events
from ingest.prepare import Stamp, prepare
from schemas.batches import EventBatch
from schemas.ids import new_batch_id
from schemas.problems import SpoolUnavailable
from schemas.results import AttributionResult
from schemas.touchpoints import ConversionCase, Policy
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.event_writer import EventWriter
from storage.clickhouse.touch_reader import TouchReader
from storage.postgres.connect import Database, Databases
from storage.postgres.conversion_writer import ConversionWriter
from storage.postgres.fencing import EpochSupersededError
from storage.spool.repository import Spool
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, event, eventually, ndjson, stored_ids

pytestmark = pytest.mark.anyio


async def decide(cases: Sequence[ConversionCase], policy: Policy) -> list[AttributionResult]:
    return [attribute(case, policy) for case in cases]


def pipeline(running: RunningStack, tenant: ProvisionedTenant, database: Database, store: ClickHouse) -> TenantPipeline:
    stores = Stores(
        Spool(database),
        EventWriter(store, tenant.tenant_id),
        TouchReader(store, tenant.tenant_id),
        ConversionWriter(database),
        decide,
    )
    return TenantPipeline(stores, running.stack.settings.actor)


def batch(tenant: ProvisionedTenant, *event_ids: str) -> EventBatch:
    body = ndjson([event("install", event_id=event_id) for event_id in event_ids])
    stamp = Stamp(tenant.tenant_id, new_batch_id(), utc_now(), "127.0.0.1", "test")
    return join([prepare(parse_events(body, "application/x-ndjson"), stamp)])


async def test_the_older_incarnation_is_refused(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """After the second one started, the first can commit nothing, ends, and leaves no trace of its batch."""
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    store = ClickHouse(running.stack.backends, running.stack.settings.clickhouse)
    database = databases.tenant(tenant.tenant_id)
    older = pipeline(running, tenant, database, store)
    newer = pipeline(running, tenant, database, store)
    await older.start()
    older_life = asyncio.create_task(older.run())
    await older.append(batch(tenant, "before"))
    await newer.start()
    newer_life = asyncio.create_task(newer.run())
    with pytest.raises(SpoolUnavailable):
        await older.append(batch(tenant, "zombie"))
    with pytest.raises(ExceptionGroup) as ended:
        await older_life
    assert ended.group_contains(EpochSupersededError)
    receipt = await newer.append(batch(tenant, "after", "before"))
    assert receipt.duplicates == (1,)
    await newer.wait_stored(receipt.spool_id)

    async def both() -> bool:
        return sorted(await stored_ids(running, tenant)) == ["after", "before"]

    assert await eventually(both)
    newer_life.cancel()
    await asyncio.gather(newer_life, return_exceptions=True)
    await databases.close()
    await store.close()
