"""What Ray's control service knows is in Redis: the way of Kubernetes, as tests of RocksDB are the way of machines."""

import asyncio
from collections.abc import Iterator

import pytest

from local.free_ports import free_block
from schemas.access_settings import AuthSettings
from schemas.settings import ActorSettings, Settings
from tenancy.provisioning import ProvisionedTenant
from tests.cluster.control_outage import check_outage
from tests.cluster.redis_nodes import RedisNodes
from tests.stack_fixtures import RunningStack
from tests.tenant_api import TenantApi

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisNodes]:
    """Start a head and its nodes, and Redis."""
    folder = tmp_path_factory.mktemp("redis")
    auth = AuthSettings(argon2_memory_kib=64, argon2_passes=1)
    stack = RedisNodes(Settings(data_dir=folder / "data", ports=free_block(), auth=auth, actor=ActorSettings(hosts=1)))
    stack.failpoints = folder / "failpoints"
    stack.failpoints.mkdir()
    try:
        asyncio.run(stack.up_and_deployed())
        yield stack
    finally:
        stack.end_at_once()
        stack.destroy()


@pytest.fixture(scope="module")
def running(nodes: RedisNodes) -> RunningStack:
    """Have the usual fixtures and checks use this cluster."""
    return RunningStack(nodes, nodes.failpoints, nodes.operator_key)


async def test_the_control_service_is_away(
    nodes: RedisNodes, running: RunningStack, tenant: ProvisionedTenant, api: TenantApi
) -> None:
    """0 requests failed while it is; the next one knows from Redis what it knew, and there is no RocksDB."""
    (control,) = [each for each in nodes.supervisor.processes() if each.name() == "gcs_server"]
    assert any("redis" in option for option in control.cmdline())
    assert not list((nodes.places.data / "gcs").iterdir())
    await check_outage(nodes, running, tenant, api)
