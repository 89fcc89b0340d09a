"""What Ray's control service knows is in Redis: the way of Kubernetes, as tests of RocksDB are the way of machines."""

from collections.abc import Iterator

import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.cluster.control_outage import check_outage
from tests.cluster.many_nodes import deployed
from tests.cluster.redis_nodes import RedisNodes
from tests.stack_fixtures import RunningStack
from tests.tenant_api import TenantApi

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisNodes]:
    """Start a head and its nodes, and Redis."""
    with deployed(RedisNodes, tmp_path_factory.mktemp("redis")) as stack:
        yield stack


async def test_the_control_service_is_away(
    nodes: RedisNodes, running: RunningStack, tenant: ProvisionedTenant, api: TenantApi
) -> None:
    """0 requests failed while it is; the next one knows from Redis what it knew, and there is no RocksDB."""
    (control,) = [each for each in nodes.supervisor.processes() if each.name() == "gcs_server"]
    assert any("redis" in option for option in control.cmdline())
    assert not list((nodes.places.data / "gcs").iterdir())
    await check_outage(nodes, running, tenant, api)
