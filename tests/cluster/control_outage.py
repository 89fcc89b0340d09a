"""Ray's control service dies under load: nobody notices, and the next one knows what it knew."""

import asyncio
import sys
import time

import psutil

from tenancy.provisioning import ProvisionedTenant
from tests.cluster.many_nodes import KEEPER, ManyNodes
from tests.crash.checks import assert_attributed, assert_exactly_once
from tests.crash.load import Load, kill_actor, titled, under_load
from tests.stack_fixtures import RunningStack, eventually
from tests.tenant_api import TenantApi

REST_SECONDS = 0.05
"""Between two bodies of one of the load's clients: nodes start on the same two cores."""


async def until_back(load: Load, began: float) -> float:
    """Wait until events are acknowledged again; give the seconds since."""
    # What was on its way back counts for nothing.
    await asyncio.sleep(0.3)
    await load.reach(100)
    return time.monotonic() - began


def pids_of(running: RunningStack, *titles: str) -> set[int]:
    """Find the processes whose titles begin so."""
    return {each.pid for each in titled(running, *titles)}


async def check_outage(nodes: ManyNodes, running: RunningStack, tenant: ProvisionedTenant, api: TenantApi) -> None:
    """Kill the service and keep it away for 1,000 events; then have it start a host again that is killed."""
    (keeper,) = titled(running, f"{sys.executable} {KEEPER}")
    async with under_load(running, tenant, REST_SECONDS) as load:
        await load.reach(100)
        serving = pids_of(running, "ray::ServeReplica", "ray::TenantHost")
        keeper.suspend()
        try:
            (control,) = [each for each in nodes.supervisor.processes() if each.name() == "gcs_server"]
            control.kill()
            began = time.monotonic()
            await load.reach(1_000)
            away = time.monotonic() - began
            assert not control.is_running() or control.status() == psutil.STATUS_ZOMBIE
        finally:
            keeper.resume()
        began = time.monotonic()
        await eventually(nodes.is_deployed, seconds=30)
        print(f"1,000 events taken in {away:.1f} s without it, {load.refused} requests failed until all is well again")
        print(f"Serve says that all is well {time.monotonic() - began:.1f} s after it was started again")
        assert load.refused == 0
        assert pids_of(running, "ray::ServeReplica", "ray::TenantHost") == serving
        began = time.monotonic()
        await kill_actor(running, tenant)
        print(f"a host that was killed then serves again after {await until_back(load, began):.1f} s")
    await assert_exactly_once(running, tenant, load)
    await assert_attributed(api, load)
