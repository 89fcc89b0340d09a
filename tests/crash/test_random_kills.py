"""SIGKILL at moments nobody chose."""

import asyncio
import random
import secrets

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.crash.checks import assert_attributed, assert_balanced, assert_exactly_once, assert_well
from tests.crash.load import kill_actor, kill_program, titled, under_load
from tests.stack_fixtures import RunningStack
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio

VICTIMS = ["actor", "actor", "clickhouse", "clickhouse", "replica", "postgres"]


async def test_exactly_once_after_random_kills(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """0 missing and 0 doubled after actor, ClickHouse, replica and Postgres were killed in any order, under load."""
    seed = secrets.randbits(32)
    chance = random.Random(seed)
    victims = chance.sample(VICTIMS, len(VICTIMS))
    print(f"seed {seed}: {', '.join(victims)}")
    # Without a rest, so that there is no moment without something under way.
    async with under_load(running, tenant, rest_seconds=0) as load:
        await load.reach(100)
        for victim in victims:
            await asyncio.sleep(chance.uniform(0.2, 2.0))
            if victim == "actor":
                await kill_actor(running, tenant)
            elif victim == "replica":
                (replica,) = titled(running, "ray::ServeReplica:tenant")
                replica.kill()
            else:
                kill_program(running, victim)
            await load.reach(100)
    await assert_exactly_once(running, tenant, load)
    await assert_attributed(api, load)
    await assert_balanced(api, load)
    await assert_well(http)
