"""What tenants' tables take on disk: from the store's own list of parts, without a look at any row."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse
from storage.names import CLICKHOUSE_DATABASE, data_tables
from storage.sql import load_queries

_SQL = load_queries("storage.clickhouse", "usage.sql")


@dataclass(frozen=True, slots=True)
class StoreUsage:
    """Bytes on disk of all of a tenant's tables, and rows of its events as they lie there, repeats included."""

    size_bytes: int = 0
    event_rows: int = 0


async def store_usage(store: ClickHouse, tenant_ids: Sequence[TenantId]) -> dict[TenantId, StoreUsage]:
    """Measure these tenants' tables.

    Raises:
        StoreAwayError: the store did not answer.
    """
    names = {tenant_id: list(data_tables(tenant_id).values()) for tenant_id in tenant_ids}
    tables = [name.split(".")[1] for each in names.values() for name in each]
    async with store.client() as client:
        answer = await client.query(_SQL["sizes"], parameters={"database": CLICKHOUSE_DATABASE, "tables": tables})
    sizes = {f"{CLICKHOUSE_DATABASE}.{table}": (size, rows) for table, size, rows in answer.result_rows}
    nothing = (0, 0)
    return {
        tenant_id: StoreUsage(
            sum(sizes.get(name, nothing)[0] for name in each),
            sizes.get(data_tables(tenant_id)["events"], nothing)[1],
        )
        for tenant_id, each in names.items()
    }
