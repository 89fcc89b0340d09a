"""What ClickHouse refuses must not hold up the rest."""

import secrets
from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest
import zstandard

from schemas.batches import Tally
from schemas.ids import TenantId, new_batch_id
from schemas.shards import WHOLE_TENANT
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.event_writer import EventWriter
from storage.names import clickhouse_tables
from storage.postgres.connect import Databases
from storage.postgres.dead_letters import DeadLetterFilter, DeadLetters
from storage.postgres.ledger import Ledger
from storage.spool.repository import Spool
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.crash.load import send_patiently
from tests.stack_fixtures import RunningStack, event, ndjson, stored_ids

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.anyio


def row(**fields: str) -> bytes:
    stamped = event() | {"received_at": "2026-01-01T00:00:00.000Z", "batch_id": new_batch_id()} | fields
    return orjson.dumps(stamped) + b"\n"


async def test_one_bad_row_in_a_thousand(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """999 stored once, 1 set apart with the reason, and the same again after a second try."""
    store = ClickHouse(running.stack.backends, running.stack.settings.clickhouse)
    writer = EventWriter(store, tenant.tenant_id)
    rows = [row() for _ in range(999)]
    rows.insert(617, row(revenue="much"))
    batch_id = new_batch_id()
    for _ in range(2):
        refused = [each async for each in writer.insert_bisecting(rows, batch_id)]
        assert [(position, orjson.loads(bad)["revenue"]) for position, bad, _ in refused] == [(617, "much")]
        assert "revenue" in refused[0][2]
        stored = await stored_ids(running, tenant)
        assert len(stored) == len(set(stored)) == 999
    await store.close()


@pytest.mark.parametrize("padding_bytes", [0, 100_000])
async def test_the_tenant_goes_on(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient, padding_bytes: int
) -> None:
    """A refused row, small or large, goes to the dead letters, and events before and after it are stored once."""
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    spool = Spool(databases.tenant(tenant.tenant_id), WHOLE_TENANT)
    rows = [row() for _ in range(999)]
    rows.insert(617, row(revenue="much", properties=secrets.token_hex(padding_bytes // 2)))
    epoch = await spool.take_epoch()
    await spool.append(
        epoch,
        Tally(received=len(rows), accepted=len(rows), duplicates=0, rejected=0),
        rows_bytes=sum(map(len, rows)),
        frames=zstandard.compress(b"".join(rows)),
        hashes=secrets.token_bytes(8 * len(rows)),
        conversions=(),
        dead_letters=(),
    )
    good = [orjson.loads(each)["event_id"] for number, each in enumerate(rows) if number != 617]
    for _ in range(2):
        after = event()
        answer = await http.post("/api/v1/events/ingest", json=after, params={"wait": "stored"})
        assert answer.status_code == 202, answer.text
        good.append(after["event_id"])
    stored = await stored_ids(running, tenant)
    letters = await DeadLetters(databases.tenant(tenant.tenant_id)).page(DeadLetterFilter(), limit=10)
    ledger = await Ledger(databases.tenant(tenant.tenant_id)).rows(_LONG_AGO, utc_now() + timedelta(minutes=1), "day")
    await databases.close()
    missing, doubled = len(set(good) - set(stored)), len(stored) - len(set(stored))
    print(f"good {len(good)}, stored {len(stored)}, missing {missing}, doubled {doubled}, dead {len(letters)}")
    assert sorted(stored) == sorted(good)
    assert [orjson.loads(letter.raw)["revenue"] for letter in letters] == ["much"]
    assert (letters[0].stage, letters[0].reason) == ("quarantined", "refused_by_store")
    assert "revenue" in letters[0].errors[0]["detail"]
    assert [(day.received, day.stored, day.quarantined, day.waiting) for day in ledger] == [(1002, 1001, 1, 0)]


async def test_waits_for_a_table_that_would_double_rows(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient
) -> None:
    """Acknowledged but not inserted while the table lacks its token window; all there when it is mended."""
    table = clickhouse_tables(TenantId(tenant.tenant_id))["events"]

    async def alter(window: int) -> None:
        query = f"ALTER TABLE {table} MODIFY SETTING non_replicated_deduplication_window = {window}"
        async with httpx.AsyncClient(trust_env=False, timeout=30) as clickhouse:
            (await clickhouse.post(running.stack.clickhouse_url, content=query)).raise_for_status()

    await alter(0)
    sent = [event() for _ in range(3)]
    answer = await http.post("/api/v1/events/ingest", json=sent)
    assert (answer.status_code, answer.json()["accepted"]) == (202, len(sent))
    assert await stored_ids(running, tenant) == []
    await alter(running.stack.settings.clickhouse.dedup_window_blocks)
    marker = event()
    await send_patiently(http, ndjson([marker]), wait="stored")
    stored = await stored_ids(running, tenant)
    print(f"acknowledged {len(sent) + 1}, stored {len(stored)}, doubled {len(stored) - len(set(stored))}")
    assert sorted(stored) == sorted(each["event_id"] for each in [*sent, marker])
