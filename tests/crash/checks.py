"""What must hold after every crash."""

from collections import Counter

from cli.tenant_api import TenantApi
from tenancy.provisioning import ProvisionedTenant
from tests.crash.load import Load
from tests.stack_fixtures import RunningStack, eventually, stored_ids


async def assert_exactly_once(running: RunningStack, tenant: ProvisionedTenant, load: Load) -> None:
    """Every acknowledged event is one row of ClickHouse; the counts are printed."""

    async def all_there() -> bool:
        return set(load.acknowledged) <= set(await stored_ids(running, tenant))

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


async def assert_attributed(api: TenantApi, load: Load) -> None:
    """Every conversion among the acknowledged events has exactly one result."""

    async def all_attributed() -> bool:
        listed = [item["conversion_id"] async for item in api.pages("/api/v1/attributions", limit=1000)]
        assert len(set(listed)) == len(listed)
        return set(load.conversions) <= set(listed)

    await eventually(all_attributed, seconds=30)
