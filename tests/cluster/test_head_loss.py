"""The head's machine is lost for good: replicas and hosts on the others go on, and a new head finds them by Redis."""

import time
from collections.abc import Iterator

import psutil
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.cluster.control_outage import REST_SECONDS, pids_of, until_back
from tests.cluster.head_loss import HeadLoss
from tests.cluster.many_nodes import deployed
from tests.crash.checks import assert_attributed, assert_exactly_once
from tests.crash.load import kill_actor, titled, under_load
from tests.stack_fixtures import RunningStack, eventually
from tests.tenant_api import TenantApi

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

AWAY_EVENTS = 1_000


class Straight(RunningStack):
    """Asks a replica of the tenants' plane itself: on one machine only the head has Serve's proxy."""

    @property
    def tenant_url(self) -> str:
        """Where the replica is."""
        (replica,) = titled(self, "ray::ServeReplica:tenant:")[:1]
        first = self.stack.settings.ports.replica_first
        ports = {each.laddr.port for each in replica.net_connections() if each.status == psutil.CONN_LISTEN}
        (port,) = ports & set(range(first, first + self.stack.settings.ports.replica_count))
        return f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeadLoss]:
    """Start a head, three nodes apart from it, and Redis."""
    with deployed(HeadLoss, tmp_path_factory.mktemp("head")) as stack:
        yield stack


async def test_the_heads_machine_is_lost(
    nodes: HeadLoss, running: RunningStack, tenant: ProvisionedTenant, api: TenantApi
) -> None:
    """0 requests failed at the replicas, which stay the same; the new head starts a host that is killed then."""
    straight = Straight(nodes, nodes.failpoints, nodes.operator_key)
    async with under_load(straight, tenant, REST_SECONDS) as load:
        await load.reach(100)
        serving = pids_of(running, "ray::ServeReplica:tenant:", "ray::ServeReplica:attribution:", "ray::TenantHost")
        began = time.monotonic()
        print(f"{nodes.lose_head()} processes of the head killed, its folder deleted")
        await load.reach(AWAY_EVENTS)
        print(f"{AWAY_EVENTS:,} events taken in {time.monotonic() - began:.1f} s without a head")
        began = time.monotonic()
        nodes.start_head()
        await eventually(nodes.is_deployed, seconds=120)
        print(f"Serve says that all is well {time.monotonic() - began:.1f} s after the new head was started")
        assert load.refused == 0
        assert serving <= pids_of(running, "ray::ServeReplica", "ray::TenantHost")
        began = time.monotonic()
        await kill_actor(running, tenant)
        print(f"a host that was killed then serves again after {await until_back(load, began):.1f} s")
    await assert_exactly_once(running, tenant, load)
    await assert_attributed(api, load)
