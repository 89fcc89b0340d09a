"""The spool, straight on a tenant's database."""

import pytest

from schemas.batches import Tally
from schemas.ids import new_batch_id
from schemas.shards import WHOLE_TENANT
from storage.postgres.connect import Databases
from storage.spool.repository import SealedBatch, Spool
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack

pytestmark = pytest.mark.anyio

_COUNTS = """
SELECT (SELECT count(*) FROM event_spool), (SELECT count(*) FROM store_batches), (SELECT count(*) FROM event_hashes)
"""


async def test_what_was_stored_long_ago_is_forgotten(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """All of it at once, with the hashes that are too old; what is not stored stays, and up to where all is stored."""
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    database = databases.tenant(tenant.tenant_id)
    spool = Spool(database, WHOLE_TENANT)
    epoch = await spool.take_epoch()

    async def append() -> SealedBatch:
        hashes = b"8 bytes."
        await spool.append(
            epoch, Tally(1, 1, 0, 0), rows_bytes=3, frames=b"...", hashes=hashes, conversions=(), dead_letters=()
        )
        sealed = await spool.seal(epoch, new_batch_id(), events=1, rows_bytes=1)
        assert sealed is not None
        return sealed

    async def forget(*, hash_days: int) -> tuple[int, ...]:
        await spool.forget(stored_seconds=0, hash_days=hash_days, letter_days=30, letters_max=10)
        async with database.connection() as connection:
            counts = await connection.fetchrow(_COUNTS)
        return tuple(counts)

    for _ in range(150):
        await spool.mark_stored(await append(), ())
    waiting = await append()
    # The newest stored batch stays beside the one that waits, and every hash.
    assert await forget(hash_days=30) == (1, 2, 151)
    assert [each.batch_id for each in await spool.unfinished()] == [waiting.batch_id]
    assert await spool.oldest_waiting() == waiting.first_spool_id
    assert await forget(hash_days=0) == (1, 2, 0)
    await databases.close()
