"""Two incarnations of one tenant's pipeline: one wins."""

import asyncio

import pytest

from schemas.problems import SpoolUnavailable
from storage.postgres.connect import Databases
from storage.postgres.fencing import EpochSupersededError
from tenancy.provisioning import ProvisionedTenant
from tests.crash.incarnations import batch, incarnation
from tests.stack_fixtures import RunningStack, stored_ids

pytestmark = pytest.mark.anyio


async def test_the_older_incarnation_is_refused(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """After the second one started, the first can commit nothing, ends, and leaves no trace of its batch."""
    async with asyncio.timeout(30), incarnation(running, tenant) as older:
        await older.pipeline.append(batch(tenant, "before"))
        async with incarnation(running, tenant) as newer:
            with pytest.raises(SpoolUnavailable):
                await older.pipeline.append(batch(tenant, "zombie"))
            with pytest.raises(ExceptionGroup) as ended:
                await older.life
            assert ended.group_contains(EpochSupersededError)
            receipt = await newer.pipeline.append(batch(tenant, "after", "before"))
            assert receipt.duplicates == (1,)
            await newer.pipeline.wait_stored(receipt.spool_id)
            stored = sorted(await stored_ids(running, tenant))
    print(f"acknowledged 2, stored {len(stored)}, of the older one's after its end 0")
    assert stored == ["after", "before"]
    assert await counts(running, tenant) == {"events": 2, "conversions": 2}


async def counts(running: RunningStack, tenant: ProvisionedTenant) -> dict[str, int]:
    """Count what the spool and the conversions hold, straight from the tenant's database."""
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    try:
        async with databases.tenant(tenant.tenant_id).connection() as connection:
            events = await connection.fetchval("SELECT sum(events) FROM event_spool")
            conversions = await connection.fetchval("SELECT count(*) FROM conversions")
    finally:
        await databases.close()
    return {"events": events, "conversions": conversions}
