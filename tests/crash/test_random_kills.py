"""SIGKILL at moments nobody chose."""

import asyncio
import os
import random
import signal

import pytest

from cli.tenant_api import TenantApi
from tenancy.provisioning import ProvisionedTenant
from tests.crash.checks import assert_attributed, assert_exactly_once
from tests.crash.load import kill_processes, under_load
from tests.stack_fixtures import RunningStack

pytestmark = pytest.mark.anyio

VICTIMS = ["ray::TenantActor", "clickhouse", "ray::TenantActor", "ray::ServeReplica:tenant", "ray::TenantActor"]


async def test_exactly_once_after_random_kills(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi
) -> None:
    """0 missing and 0 doubled after the actor, ClickHouse and the replica were killed under load, again and again."""
    moments = random.Random(7)
    async with under_load(running, tenant) as load:
        await load.reach(100)
        for victim in VICTIMS:
            await asyncio.sleep(moments.uniform(0.3, 1.2))
            if victim == "clickhouse":
                os.kill(running.stack.supervisor.states()["clickhouse"]["pid"], signal.SIGKILL)
            else:
                assert kill_processes(running, victim) >= 1
            await load.reach(60)
    await assert_exactly_once(running, tenant, load)
    await assert_attributed(api, load)
