"""How many parts tenants' inserts make in ClickHouse: what a store with many tenants dies of."""

import asyncio
import secrets
from contextlib import AsyncExitStack

import httpx
import pytest

from actors.pipeline import TenantPipeline
from ingest.frames import join
from ingest.prepare import Stamp, prepare
from schemas.batches import AppendReceipt
from schemas.ids import TenantId, new_batch_id
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.crash.incarnations import incarnation
from tests.stack_fixtures import RunningStack, event, new_tenant

pytestmark = pytest.mark.anyio

SMALL = 8
SECONDS = 4.0
PAUSE_SECONDS = 0.05
HOT_EVENTS = 400


async def test_inserts_follow_the_policy_and_not_the_requests(running: RunningStack) -> None:
    """An insert a second for a small tenant, whatever it sends; a hot one's are no more, but larger."""
    tenants = [await new_tenant(running) for _ in range(SMALL + 1)]
    async with AsyncExitStack() as stack:
        held = [await stack.enter_async_context(incarnation(running, each)) for each in tenants]
        sending = (send(each.pipeline, tenant, 1) for each, tenant in zip(held[1:], tenants[1:], strict=True))
        counts = await asyncio.gather(send(held[0].pipeline, tenants[0], HOT_EVENTS), *sending)
    inserts = [await inserts_of(running, tenant) for tenant in tenants]
    settings = running.stack.settings.actor
    most = SECONDS / settings.flush_seconds + 2
    print(f"requests {[count for count, _ in counts]}, inserts {inserts}, most {most:.0f}")
    assert all(requests > 3 * most for requests, _ in counts)
    assert all(count <= most for count in inserts)
    hot_rows, small_rows = (events / count for (_, events), count in zip(counts[:2], inserts[:2], strict=True))
    print(f"rows an insert: hot {hot_rows:,.0f}, small {small_rows:,.0f}")
    assert hot_rows > HOT_EVENTS / 2 * small_rows


async def send(pipeline: TenantPipeline, tenant: ProvisionedTenant, events: int) -> tuple[int, int]:
    """Send a request of so many events each few milliseconds; give how many requests and events it were."""
    ends_at = asyncio.get_running_loop().time() + SECONDS
    sent = 0
    while asyncio.get_running_loop().time() < ends_at:
        receipt = await request(pipeline, tenant, events)
        sent += 1
        await asyncio.sleep(PAUSE_SECONDS)
    await pipeline.wait_stored(receipt.spool_id)
    return sent, sent * events


async def request(pipeline: TenantPipeline, tenant: ProvisionedTenant, events: int) -> AppendReceipt:
    template = event("session")
    stamp = Stamp(TenantId(tenant.tenant_id), new_batch_id(), utc_now(), "127.0.0.1", "test")
    bodies = [template | {"event_id": secrets.token_hex(12)} for _ in range(events)]
    return await pipeline.append(join([prepare(bodies, stamp)]))


async def inserts_of(running: RunningStack, tenant: ProvisionedTenant) -> int:
    """Count a table's inserts: each takes the next block number, and a merge takes none."""
    query = (
        "SELECT max(max_block_number) FROM system.parts "  # noqa: S608 - our own id
        f"WHERE database = 'unmogrow' AND table = 'events_{tenant.tenant_id}' FORMAT TabSeparated"
    )
    async with httpx.AsyncClient(trust_env=False, timeout=30) as clickhouse:
        answer = await clickhouse.post(running.stack.clickhouse_url, content=query)
    return int(answer.raise_for_status().text)
