"""A hot tenant's shards: their number changes under load, and nothing is lost, doubled or attributed wrongly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from xxhash import xxh3_64_intdigest

from schemas.batches import EventBatch, Tally
from schemas.ids import new_batch_id
from schemas.problems import SpoolUnavailable
from schemas.shards import Shard, all_shards
from storage.postgres.connect import Database, Databases
from storage.postgres.conversion_writer import ConversionWriter
from storage.postgres.fencing import EpochSupersededError, LayoutSupersededError
from storage.spool.repository import Spool
from tenancy.provisioning import ProvisionedTenant
from tests.crash.checks import assert_attributed, assert_balanced, assert_exactly_once, assert_well
from tests.crash.incarnations import batch, batch_of, incarnation
from tests.crash.load import actors_of, kill_actor, under_load
from tests.stack_fixtures import RunningStack, event, eventually, ndjson, set_limits, stored_ids
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio


async def set_shards(running: RunningStack, tenant: ProvisionedTenant, shards: int) -> None:
    await set_limits(running, tenant.tenant_id, shards=shards)


@asynccontextmanager
async def database_of(running: RunningStack, tenant: ProvisionedTenant) -> AsyncIterator[Database]:
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    try:
        yield databases.tenant(tenant.tenant_id)
    finally:
        await databases.close()


def event_for(shard: Shard, event_type: str, device_id: str) -> dict[str, Any]:
    """Make an event that is a shard's by its id."""
    while True:
        made = event(event_type, device_id=device_id)
        if xxh3_64_intdigest(made["event_id"].encode()) % shard.count == shard.index:
            return made


async def append(spool: Spool, epoch: int, taken: EventBatch) -> None:
    """Commit a batch that nobody stores."""
    await spool.append(
        epoch,
        Tally(taken.received, taken.received, 0, 0),
        rows_bytes=taken.rows_bytes,
        frames=taken.frame,
        hashes=taken.event_hashes,
        conversions=taken.conversions,
        dead_letters=(),
    )


@pytest.mark.timeout(240)
async def test_exactly_once_while_the_layout_changes(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """0 missing, 0 doubled, each conversion with its own click: 1, 3, 2, 1 shards under load, and actors killed."""
    async with under_load(running, tenant) as load:
        await load.reach(100)
        for shards in (3, 2, 1):
            await set_shards(running, tenant, shards)
            await load.reach(200)
            assert len(await eventually(lambda: actors_of(running, tenant))) >= shards
            if shards > 1:
                await kill_actor(running, tenant)
                await load.reach(100)
    await assert_exactly_once(running, tenant, load)
    await assert_attributed(api, load)
    await assert_balanced(api, load)
    await assert_well(http)

    async def one_is_left() -> bool:
        return len(await actors_of(running, tenant)) == 1

    await eventually(one_is_left)
    async with database_of(running, tenant) as database, database.connection() as connection:
        shares = dict(await connection.fetch("SELECT shard, sum(events) FROM event_spool GROUP BY shard"))
    print(f"events by shard {shares}")
    assert shares.keys() == {0, 1, 2}


async def test_an_id_is_remembered_whoever_took_it(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient
) -> None:
    """20 duplicates and nothing accepted, when 20 ids come again after a change, and each is stored once."""
    events = [event("install" if number % 5 == 0 else "click") for number in range(20)]
    answers = []
    for shards in (1, 3):
        await set_shards(running, tenant, shards)
        answer = await http.post("/api/v1/events/ingest", content=ndjson(events), params={"wait": "stored"})
        assert answer.status_code == 202, answer.text
        answers.append((answer.json()["accepted"], answer.json()["duplicates"]))
        assert sorted(await stored_ids(running, tenant)) == sorted(each["event_id"] for each in events)
    assert answers == [(20, 0), (0, 20)]


async def test_the_old_layout_can_write_nothing(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Refused and ended: the actor of 1 shard when there are 3; refused from its start: whoever comes too late."""
    async with asyncio.timeout(30), incarnation(running, tenant) as older:
        await older.pipeline.append(batch(tenant, "before"))
        await set_shards(running, tenant, 3)
        with pytest.raises(SpoolUnavailable):
            await older.pipeline.append(batch(tenant, "zombie"))
        with pytest.raises(ExceptionGroup) as ended:
            await older.life
        assert ended.group_contains(EpochSupersededError)
        for late in (Shard(0, 1), Shard(1, 2), Shard(3, 4)):
            with pytest.raises(LayoutSupersededError):
                async with incarnation(running, tenant, shard=late):
                    pass
        # Back again: the epoch of the first layout of 1 is not valid in the second.
        await set_shards(running, tenant, 1)
        async with incarnation(running, tenant) as newer:
            receipt = await newer.pipeline.append(batch(tenant, "after", "before"))
            assert receipt.duplicates == (1,)
            await newer.pipeline.wait_stored(receipt.spool_id)
        assert sorted(await stored_ids(running, tenant)) == ["after", "before"]


async def test_what_a_shard_left_is_finished_by_another(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Stored under the very id under which it was sealed, and with it what was never sealed, by a shard of 2 of 16."""
    await set_shards(running, tenant, 16)
    left = Shard(11, 16)
    async with database_of(running, tenant) as database, asyncio.timeout(30):
        spool = Spool(database, left)
        epoch = await spool.take_epoch()
        await append(spool, epoch, batch_of(tenant, event_for(left, "click", "d")))
        sealed = await spool.seal(epoch, new_batch_id(), events=100, rows_bytes=10**6)
        await append(spool, epoch, batch_of(tenant, event_for(left, "install", "d")))
        await set_shards(running, tenant, 2)
        assert [(await Spool(database, shard).backlog()).events for shard in all_shards(2)] == [0, 2]
        async with incarnation(running, tenant, shard=Shard(1, 2)) as heir:
            await heir.pipeline.wait_stored(await spool.newest())
            assert await eventually(heir.pipeline.is_done)
        async with database.connection() as connection:
            rows = await connection.fetch("SELECT shard, batch_id::text FROM store_batches ORDER BY last_spool_id")
    assert sealed is not None
    assert [row["shard"] for row in rows] == [11, 11]
    assert rows[0]["batch_id"] == sealed.batch_id
    stored = await stored_ids(running, tenant)
    print(f"left 2, stored {len(stored)}")
    assert len(stored) == len(set(stored)) == 2


async def test_a_conversion_waits_for_every_shard(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi
) -> None:
    """Not ready while an older click is another shard's to store, though its own row is; then won by that click."""
    await set_shards(running, tenant, 2)
    slow, quick = all_shards(2)
    click, install = event_for(slow, "click", "d"), event_for(quick, "install", "d")
    async with database_of(running, tenant) as database, asyncio.timeout(30):
        spool = Spool(database, slow)
        await append(spool, await spool.take_epoch(), batch_of(tenant, click))
        async with incarnation(running, tenant, shard=quick) as later:
            receipt = await later.pipeline.append(batch_of(tenant, install))
            waiting = asyncio.create_task(later.pipeline.wait_stored(receipt.spool_id))

            async def is_stored_alone() -> bool:
                return not (await Spool(database, quick).backlog()).events

            await eventually(is_stored_alone)
            conversions = ConversionWriter(database, quick)
            assert (await conversions.has_pending(), await conversions.ready(10)) == (True, [])
            assert await stored_ids(running, tenant) == [install["event_id"]]
            assert not waiting.done()
            async with incarnation(running, tenant, shard=slow):
                await waiting
                assert sorted(await stored_ids(running, tenant)) == sorted([click["event_id"], install["event_id"]])
                assert await eventually(later.pipeline.is_done)
    result = await api.get(f"/api/v1/attributions/{install['event_id']}")
    assert result["attributed_touch_id"] == click["event_id"]
