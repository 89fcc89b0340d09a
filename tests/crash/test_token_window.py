"""A table remembers only so many insert tokens; a batch may have to be sent again after more inserts than that."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Container
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import zstandard

from actors.storer import BATCH_BYTES_MAX
from ingest.frames import join, split
from ingest.parse import parse_events
from ingest.prepare import Stamp, prepare
from schemas.batches import Tally
from schemas.ids import TenantId, new_batch_id
from schemas.settings import ClickHouseSettings
from schemas.shards import WHOLE_TENANT
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.event_writer import EventWriter
from storage.names import clickhouse_tables
from storage.postgres.connect import Databases
from storage.postgres.ledger import Ledger
from storage.spool.repository import SealedBatch, Spool
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.crash.incarnations import incarnation
from tests.stack_fixtures import RunningStack, event, eventually, ndjson, stored_ids
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio

WINDOW = 3
SETTINGS = ClickHouseSettings(dedup_window_blocks=WINDOW)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Bench:
    """A tenant whose tables forget soon, its spool and its writer; one incarnation's life, step by step."""

    running: RunningStack
    tenant: ProvisionedTenant
    spool: Spool
    ledger: Ledger
    writer: EventWriter

    async def statement(self, text: str) -> None:
        """Run a statement of ClickHouse's."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as clickhouse:
            (await clickhouse.post(self.running.stack.clickhouse_url, content=text)).raise_for_status()

    async def accept(self, events: list[dict[str, Any]], spoiled: Container[int] = ()) -> bytes:
        """Commit events as an incarnation does that is killed afterwards; give their frames.

        Those at the spoiled places become rows that ClickHouse refuses.
        """
        stamp = Stamp(TenantId(self.tenant.tenant_id), new_batch_id(), utc_now(), "127.0.0.1", "test")
        batch = join([prepare(parse_events(ndjson(events), "application/x-ndjson"), stamp)])
        rows = [
            row[:-2] + b',"revenue":"much"}\n' if place in spoiled else row
            for place, row in enumerate(split(batch.frame))
        ]
        frames = zstandard.compress(b"".join(rows))
        await self.spool.append(
            await self.spool.take_epoch(),
            Tally(received=len(events), accepted=len(events), duplicates=0, rejected=0),
            rows_bytes=batch.rows_bytes,
            frames=frames,
            hashes=batch.event_hashes,
            conversions=batch.conversions,
            dead_letters=(),
        )
        return frames

    async def seal(self) -> SealedBatch:
        """Seal what was accepted."""
        epoch = await self.spool.take_epoch()
        sealed = await self.spool.seal(epoch, new_batch_id(), events=1_000, rows_bytes=BATCH_BYTES_MAX)
        assert sealed is not None
        return sealed

    async def overrun(self) -> list[str]:
        """Insert more often than the table remembers; give the ids."""
        others = [event("session") for _ in range(WINDOW + 1)]
        stamp = Stamp(TenantId(self.tenant.tenant_id), new_batch_id(), utc_now(), "127.0.0.1", "test")
        for each in others:
            frame = join([prepare([each], stamp)]).frame
            await self.writer.insert(frame, secrets.token_hex(8))
        return [each["event_id"] for each in others]

    async def assert_stored(self, expected: list[str]) -> None:
        """Start the next incarnation, and count the rows when it has stored all; the ledger must balance."""
        async with asyncio.timeout(30), incarnation(self.running, self.tenant, clickhouse=SETTINGS) as next_one:
            await eventually(next_one.pipeline.is_done)
        stored = await stored_ids(self.running, self.tenant)
        doubled = len(stored) - len(set(stored))
        print(f"acknowledged {len(expected)}, stored {len(stored)}, doubled {doubled}")
        assert sorted(stored) == sorted(expected)
        (day,) = await self.ledger.rows(LONG_AGO, utc_now() + timedelta(minutes=1), "day")
        assert (day.waiting, day.stored + day.quarantined) == (0, day.received)


@pytest.fixture
async def bench(running: RunningStack, tenant: ProvisionedTenant) -> AsyncIterator[Bench]:
    """Let the tenant's tables remember no more than a few tokens."""
    async with _opened(running, tenant) as opened:
        tables = clickhouse_tables(TenantId(tenant.tenant_id))
        for name in ("events", "touch_keys", "install_keys"):
            setting = f"non_replicated_deduplication_window = {WINDOW}"
            await opened.statement(f"ALTER TABLE {tables[name]} MODIFY SETTING {setting}")
            # A merge would fold a doubled row before it is counted.
            await opened.statement(f"SYSTEM STOP MERGES {tables[name]}")
        yield opened


@asynccontextmanager
async def _opened(running: RunningStack, tenant: ProvisionedTenant) -> AsyncIterator[Bench]:
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    store = ClickHouse(running.stack.backends, SETTINGS)
    database = databases.tenant(tenant.tenant_id)
    yield Bench(running, tenant, Spool(database, WHOLE_TENANT), Ledger(database), EventWriter(store, tenant.tenant_id))
    await databases.close()
    await store.close()


def ids(events: list[dict[str, Any]]) -> list[str]:
    return [each["event_id"] for each in events]


async def test_the_engine_forgets(bench: Bench) -> None:
    """2 rows of 1 event: within the window its token holds, past it the same insert doubles the row."""
    frames = await bench.accept([one := event()])
    for _ in range(2):
        await bench.writer.insert(frames, "token")
        assert await stored_ids(bench.running, bench.tenant) == [one["event_id"]]
    await bench.overrun()
    await bench.writer.insert(frames, "token")
    assert (await stored_ids(bench.running, bench.tenant)).count(one["event_id"]) == 2


async def test_killed_before_the_mark(bench: Bench) -> None:
    """Each of 50 events once: the batch was inserted, its token was forgotten, and it counts as unfinished."""
    frames = await bench.accept(events := [event() for _ in range(50)])
    await bench.writer.insert(frames, (await bench.seal()).batch_id)
    await bench.assert_stored(ids(events) + await bench.overrun())


async def test_killed_while_it_bisected(bench: Bench) -> None:
    """Each of 20 good events once and 2 set apart: some went in pieces whose tokens were forgotten."""
    events = [event() for _ in range(22)]
    frames = await bench.accept(events, spoiled={12, 17})
    async with aclosing(bench.writer.insert_bisecting(split(frames), (await bench.seal()).batch_id)) as refused:
        assert (await anext(refused))[0] == 12
    before = await stored_ids(bench.running, bench.tenant)
    assert sorted(before) == sorted(ids(events)[:12])
    good = [each for place, each in enumerate(events) if place not in {12, 17}]
    await bench.assert_stored(ids(good) + await bench.overrun())


async def test_restored_from_a_backup(bench: Bench) -> None:
    """Each of 50 events once: Postgres knows nothing of the batch that half of them went into, nor of its token."""
    frames = await bench.accept(events := [event() for _ in range(25)])
    await bench.writer.insert(frames, new_batch_id())
    await bench.accept(more := [event() for _ in range(25)])
    await bench.assert_stored(ids(events) + ids(more) + await bench.overrun())


async def test_touches_are_found_though_the_store_died(bench: Bench, api: TenantApi) -> None:
    """The click wins the install: the store had its event and not yet the keys by which a touch is found."""
    click = event(device_id="d-1")
    frames = await bench.accept([click, install := event("install", device_id="d-1")])
    await bench.writer.insert(frames, (await bench.seal()).batch_id)
    await bench.statement(f"TRUNCATE TABLE {clickhouse_tables(TenantId(bench.tenant.tenant_id))['touch_keys']}")
    await bench.assert_stored(ids([click, install]))
    result = await api.get(f"/api/v1/attributions/{install['event_id']}")
    assert result["attributed_touch_id"] == click["event_id"]
