"""What must hold after every crash."""

from collections import Counter

import httpx

from tenancy.provisioning import ProvisionedTenant
from tests.crash.load import Load
from tests.stack_fixtures import RunningStack, eventually, stored_ids
from tests.tenant_api import TenantApi


async def assert_exactly_once(running: RunningStack, tenant: ProvisionedTenant, load: Load) -> None:
    """Every acknowledged event is one row of ClickHouse; the counts are printed."""

    async def all_there() -> bool:
        try:
            return set(load.acknowledged) <= set(await stored_ids(running, tenant))
        except httpx.TransportError:
            return False

    try:
        await eventually(all_there, seconds=30)
    finally:
        rows = Counter(await stored_ids(running, tenant))
        missing = [name for name in load.acknowledged if name not in rows]
        doubled = [name for name, count in rows.items() if count > 1]
        print(
            f"acknowledged {len(load.acknowledged)}, stored {rows.total()}, missing {len(missing)}, "
            f"doubled {len(doubled)}, refused requests {load.refused}"
        )
    assert (missing, doubled) == ([], [])
    assert len(set(load.acknowledged)) == len(load.acknowledged)


async def assert_balanced(api: TenantApi, load: Load) -> None:
    """The ledger: everything that was received is stored or a duplicate, and nothing waits."""

    async def settled() -> dict[str, int] | None:
        totals: dict[str, int] = (await api.get("/api/v1/reports/quality"))["totals"]
        return totals if totals["waiting"] == 0 else None

    totals = await eventually(settled, seconds=30)
    print("ledger: " + ", ".join(f"{name} {count}" for name, count in totals.items()))
    assert totals["received"] == totals["stored"] + totals["duplicates"]
    assert totals["stored"] >= len(load.acknowledged)
    assert (totals["rejected"], totals["quarantined"]) == (0, 0)


async def assert_attributed(api: TenantApi, load: Load) -> None:
    """Every conversion among the acknowledged events has exactly one result: the click of its own device."""

    async def all_attributed() -> dict[str, str | None] | None:
        listed = [item async for item in api.pages("/api/v1/attributions", limit=1000)]
        winners = {item["conversion_id"]: item["attributed_touch_id"] for item in listed}
        assert len(winners) == len(listed)
        return winners if load.clicks.keys() <= winners.keys() else None

    winners = await eventually(all_attributed, seconds=30)
    print(f"conversions {len(load.clicks)}, attributed {len(winners)}")
    assert winners == load.clicks


async def assert_well(http: httpx.AsyncClient) -> None:
    """Every component of the tenant's health is measured as well again."""

    async def is_well() -> bool:
        return (await http.get("/health")).status_code == 200

    await eventually(is_well)
