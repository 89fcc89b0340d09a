"""How many parts small tenants make in ClickHouse: what a store with many of them dies of.

A part that an insert writes takes the next number of its table's partition. So the numbers tell how many were written,
also of those that merges have put together since.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from clickhouse_connect.driver import create_async_client
from clickhouse_connect.driver.asyncclient import AsyncClient

from bench.ingest import ingest_head, now_text
from bench.load import Bodies
from bench.open_loop import OpenLoop
from local.stack import Stack
from schemas.ids import TenantId
from storage.names import CLICKHOUSE_DATABASE, data_tables
from tenancy.provisioning import ProvisionedTenant

_BODY_EVENTS = 10
_BODIES_PER_SECOND = 1.0

_PARTS = """
SELECT sum(parts), sum(last + 1)
FROM (
    SELECT count() AS parts, max(max_block_number) AS last FROM system.parts
    WHERE active AND database = {database:String} AND table IN {tables:Array(String)}
    GROUP BY table, partition_id
)
"""


@dataclass(frozen=True, slots=True)
class PartsFound:
    """Of all tables of a tenant, on average: parts that are there, and that its inserts wrote in a minute."""

    active: float
    written_per_minute: float


async def parts_of_small(stack: Stack, tenants: Sequence[ProvisionedTenant], seconds: float) -> PartsFound:
    """Have each tenant send a few events every second for so long; count the parts."""
    store = await create_async_client(dsn=stack.clickhouse_url)
    tables = [
        name.removeprefix(f"{CLICKHOUSE_DATABASE}.")
        for tenant in tenants
        for name in data_tables(TenantId(tenant.tenant_id)).values()
    ]
    _, before = await _count(store, tables)
    await asyncio.gather(*(_send(stack, tenant, seconds) for tenant in tenants))
    active, after = await _count(store, tables)
    await store.close()
    return PartsFound(active / len(tenants), (after - before) / len(tenants) / (seconds / 60))


async def _count(store: AsyncClient, tables: list[str]) -> tuple[int, int]:
    answer = await store.query(_PARTS, parameters={"database": CLICKHOUSE_DATABASE, "tables": tables})
    active, written = answer.result_rows[0]
    return active, written


async def _send(stack: Stack, tenant: ProvisionedTenant, seconds: float) -> None:
    head, bodies = ingest_head(tenant), Bodies(f"small-{secrets.token_hex(4)}", now_text())

    def request() -> bytes:
        body = bodies.make(_BODY_EVENTS)
        return head(len(body)) + body

    # Not all at the same moment of each second.
    await asyncio.sleep(secrets.randbelow(1_000) / 1_000)
    await OpenLoop((stack.settings.ports.host, stack.settings.ports.tenant), request, 202).run(
        _BODIES_PER_SECOND, seconds
    )
