"""Nodes come, go and die: several raylets on this machine, with load all the while, and everything stored exactly once.

The tests share one cluster and run in this order: the last ones leave a cluster that has been through something.
"""

import asyncio
import os
import pickle
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import psutil
import pytest

from local import ray_cluster
from schemas.ids import TenantId
from schemas.settings import PoolSettings, ServeSettings
from serve_apps.deployments import DEDICATED_PREFIX
from tenancy.provisioning import ProvisionedTenant, TenantRequest
from tests.cluster.control_outage import REST_SECONDS, check_outage, pids_of, until_back
from tests.cluster.many_nodes import POOL_NODES_MAX, ManyNodes, deployed
from tests.cluster.pool_load import STUCK
from tests.crash.checks import assert_attributed, assert_balanced, assert_exactly_once
from tests.crash.load import actors_of, titled, under_load
from tests.stack_fixtures import RunningStack, eventually
from tests.tenant_api import TenantApi

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

BACK_SECONDS_MAX = 15.0
CALLERS = 8
OWN_TENANT, OWN_HOST = TenantId("town"), "town.localhost"


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManyNodes]:
    """Start a head, two nodes for hosts and one for the pool."""
    own = {"pool": PoolSettings(case_seconds=1.0), "serve": ServeSettings(dedicated={OWN_TENANT: OWN_HOST})}
    began = time.monotonic()
    with deployed(ManyNodes, tmp_path_factory.mktemp("nodes"), **own) as stack:
        sizes = ", ".join(f"{each / 1e6:.0f}" for each in stack.node_bytes())
        print(f"a cluster was up after {time.monotonic() - began:.0f} s; its nodes take {sizes} MB without any work")
        yield stack


@asynccontextmanager
async def pool_load(nodes: ManyNodes) -> AsyncIterator[asyncio.subprocess.Process]:
    """Keep more calls to the pool open than its replicas take."""
    (nodes.failpoints / "pool_attribute_hangs").write_text(STUCK, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.cluster.pool_load",
        str(CALLERS),
        env=os.environ | ray_cluster.driver_environment(nodes.places),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(pickle.dumps(nodes.settings))
    try:
        yield process
    finally:
        (nodes.failpoints / "pool_attribute_hangs").unlink()
        process.kill()
        await process.wait()


async def until_nodes(load: asyncio.subprocess.Process, wanted: int, seconds: float) -> float:
    """Wait until so many nodes of the pool live; give how long that took."""
    assert load.stdout is not None
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while int(await load.stdout.readline()) != wanted:
            pass
    return time.monotonic() - began


async def test_hosts_are_on_different_nodes(running: RunningStack) -> None:
    """1 of the 2 hosts of tenants on each of the 2 nodes that may have them, whoever started it first."""

    async def both_hosts() -> list[psutil.Process]:
        hosts = titled(running, "ray::TenantHost")
        return hosts if len(hosts) == 2 else []

    raylets = [
        parent for host in await eventually(both_hosts) for parent in host.parents() if parent.name() == "raylet"
    ]
    assert len(set(raylets)) == 2


async def test_nodes_come_and_go_with_the_load(
    nodes: ManyNodes, running: RunningStack, tenant: ProvisionedTenant, api: TenantApi
) -> None:
    """1 node of the pool, more while calls wait, 1 again; 0 missing and 0 doubled of what was sent meanwhile."""
    async with under_load(running, tenant, REST_SECONDS) as load, pool_load(nodes) as calls:
        await until_nodes(calls, 1, 30)
        up = await until_nodes(calls, POOL_NODES_MAX, 40)
        loaded = len(load.acknowledged)
        assert calls.stdin is not None
        calls.stdin.write(b".")
        calls.stdin.write_eof()
        down = await until_nodes(calls, 1, 40)
        print(f"nodes of the pool: 1, {POOL_NODES_MAX} after {up:.1f} s of load, 1 again {down:.1f} s after its end")
        print(f"events acknowledged until there were {POOL_NODES_MAX}: {loaded}, until 1: {len(load.acknowledged)}")
    await assert_exactly_once(running, tenant, load)
    await assert_attributed(api, load)


async def test_a_node_is_lost(running: RunningStack, tenant: ProvisionedTenant, api: TenantApi) -> None:
    """Back within 15 s, 0 missing, 0 doubled: the node with the tenant's host and a replica of its plane is killed."""
    async with under_load(running, tenant, REST_SECONDS) as load:
        await load.reach(100)
        (host,) = await eventually(lambda: actors_of(running, tenant))
        (raylet,) = [each for each in host.parents() if each.name() == "raylet"]
        lost = [raylet, *raylet.children(recursive=True)]
        assert pids_of(running, "ray::ServeReplica:tenant") & {each.pid for each in lost}
        began = time.monotonic()
        for process in lost:
            process.kill()
        back = await until_back(load, began)
        print(f"{len(lost)} processes of a node killed; events are taken again after {back:.1f} s")
        (moved,) = await eventually(lambda: actors_of(running, tenant))
    assert raylet not in moved.parents()
    await assert_exactly_once(running, tenant, load)
    await assert_attributed(api, load)
    await assert_balanced(api, load)
    assert back < BACK_SECONDS_MAX


async def test_a_new_version_refuses_nobody(
    nodes: ManyNodes, running: RunningStack, tenant: ProvisionedTenant, api: TenantApi
) -> None:
    """0 requests failed while every replica of the plane and of the pool was replaced by one of another version."""
    old = pids_of(running, "ray::ServeReplica")
    async with under_load(running, tenant, REST_SECONDS) as load:
        await load.reach(100)
        began = time.monotonic()
        nodes.version = "second"
        await nodes.roll_out()

        async def is_rolled_out() -> bool:
            return not old & pids_of(running, "ray::ServeReplica") and await nodes.is_deployed()

        await eventually(is_rolled_out, seconds=150)
        took = time.monotonic() - began
        print(f"rolled out in {took:.1f} s: {len(load.acknowledged)} events, {load.refused} requests failed")
    assert load.refused == 0
    await assert_exactly_once(running, tenant, load)
    await assert_attributed(api, load)


async def test_the_control_service_is_away(
    nodes: ManyNodes, running: RunningStack, tenant: ProvisionedTenant, api: TenantApi
) -> None:
    """0 requests failed while it is; the next one knows from RocksDB what it knew."""
    await check_outage(nodes, running, tenant, api)


@contextmanager
def held(processes: set[int]) -> Iterator[None]:
    """Have processes stand still: what they are asked meanwhile, nobody answers."""
    for pid in processes:
        psutil.Process(pid).suspend()
    try:
        yield
    finally:
        for pid in processes:
            psutil.Process(pid).resume()


async def test_a_tenant_has_replicas_of_its_own(
    nodes: ManyNodes, running: RunningStack, tenant: ProvisionedTenant
) -> None:
    """Its host is answered while the others stand still, by nobody while its own do; and they know no other tenant."""
    async with nodes.provisioner() as provisioner:
        await provisioner.create_tenant(TenantRequest(OWN_TENANT, OWN_HOST, "Own", f"owner@{OWN_HOST}"))
    nodes.dedicated = nodes.settings.serve.dedicated
    await nodes.roll_out()
    await eventually(nodes.is_deployed, seconds=60)
    own, shared = (pids_of(running, f"ray::ServeReplica:{name}:") for name in (f"tenant-{OWN_TENANT}", "tenant"))
    assert len(own) == 1
    assert shared

    async with httpx.AsyncClient(trust_env=False, timeout=1) as client:

        async def ask(host: str, port: int, prefix: str = "") -> httpx.Response | None:
            try:
                return await client.get(f"http://127.0.0.1:{port}{prefix}/config.json", headers={"Host": host})
            except httpx.TimeoutException:
                return None

        async def answers(host: str) -> bool:
            answer = await ask(host, nodes.settings.ports.tenant)
            return answer is not None and answer.status_code == 200

        await eventually(lambda: answers(OWN_HOST))
        with held(shared):
            assert await answers(OWN_HOST)
            assert not await answers(tenant.host)
        await eventually(lambda: answers(tenant.host))
        with held(own):
            assert not await answers(OWN_HOST)
            assert await answers(tenant.host)
        await eventually(lambda: answers(OWN_HOST))
        place = f"{DEDICATED_PREFIX}/{OWN_HOST}"
        mine, foreign = [await ask(host, nodes.settings.ports.serve, place) for host in (OWN_HOST, tenant.host)]
        assert mine is not None
        assert mine.json()["TENANT_ID"] == OWN_TENANT
        assert foreign is not None
        assert (foreign.status_code, foreign.json()["code"]) == (404, "tenant-unknown")
