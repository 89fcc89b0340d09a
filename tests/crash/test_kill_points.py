"""SIGKILL at named points, under load: what was acknowledged is stored exactly once."""

import asyncio

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.crash.checks import assert_attributed, assert_balanced, assert_exactly_once, assert_well
from tests.crash.load import under_load
from tests.stack_fixtures import RunningStack
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio

POINTS = [
    "actor_before_commit",
    "actor_after_commit",
    "actor_after_seal",
    "actor_after_insert",
    "actor_before_results",
    "clickhouse_before_insert",
    "clickhouse_after_insert",
]


@pytest.mark.parametrize("point", POINTS)
async def test_exactly_once_whatever_is_killed(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient, point: str
) -> None:
    """0 missing and 0 doubled after the process was killed at the point, every conversion attributed, all well."""
    armed = running.failpoints / point
    async with under_load(running, tenant) as load:
        await load.reach(100)
        armed.touch()
        async with asyncio.timeout(20):
            while armed.exists():
                await asyncio.sleep(0.01)
        await load.reach(200)
    await assert_exactly_once(running, tenant, load)
    await assert_attributed(api, load)
    await assert_balanced(api, load)
    await assert_well(http)
