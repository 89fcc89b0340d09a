"""The spool, straight on a tenant's database."""

import pytest

from schemas.batches import Tally
from schemas.ids import new_batch_id
from schemas.shards import WHOLE_TENANT
from storage.postgres.connect import Databases
from storage.spool.repository import Spool
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack

pytestmark = pytest.mark.anyio


async def test_what_was_stored_long_ago_is_forgotten(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """100 batches at a time, and of 150 none is left after twice; what is not stored stays."""
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    database = databases.tenant(tenant.tenant_id)
    spool = Spool(database, WHOLE_TENANT)
    epoch = await spool.take_epoch()
    left = []
    for number in range(151):
        await spool.append(
            epoch,
            Tally(1, 1, 0, 0),
            rows_bytes=3,
            frames=b"...",
            hashes=number.to_bytes(8, "little"),
            conversions=(),
            dead_letters=(),
        )
        sealed = await spool.seal(epoch, new_batch_id(), events=1, rows_bytes=1)
        assert sealed is not None
        if number < 150:
            await spool.mark_stored(sealed, ())
    for _ in range(2):
        await spool.forget(stored_seconds=0, hash_days=30, letter_days=30, letters_max=10)
        async with database.connection() as connection:
            left.append(await connection.fetchval("SELECT count(*) FROM event_spool"))
    await databases.close()
    assert left == [51, 1]
