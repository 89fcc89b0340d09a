"""A tenant that nobody calls leaves its host, and is back when somebody does."""

import time

import httpx
import pytest

from schemas.ids import TenantId
from schemas.shards import WHOLE_TENANT
from storage.postgres.active_shards import ActiveShards
from storage.postgres.connect import Databases
from tenancy.provisioning import ProvisionedTenant
from tests.crash.load import actors_of
from tests.stack_fixtures import IDLE_SECONDS, RunningStack, event, eventually, stored_ids

pytestmark = pytest.mark.anyio

ACTIVATION_SECONDS_MAX = 2.0
"""0.1 on an idle machine: the host runs already."""


async def test_leaves_and_comes_back(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> None:
    """Gone after its idle time, back for the next event, which still knows the one before."""
    first = event()
    await http.post("/api/v1/events/ingest", json=first, params={"wait": "stored"})
    (host,) = await eventually(lambda: actors_of(running, tenant))

    async def is_gone() -> bool:
        return not await actors_of(running, tenant)

    await eventually(is_gone, seconds=3 * IDLE_SECONDS)
    assert host.is_running()
    second = event()
    started = time.perf_counter()
    answer = await http.post("/api/v1/events/ingest", json=[first, second])
    seconds = time.perf_counter() - started
    print(f"activated and committed in {seconds:.2f} s")
    assert (answer.json()["accepted"], answer.json()["duplicates"]) == (1, 1)
    assert seconds < ACTIVATION_SECONDS_MAX
    await http.post("/api/v1/events/ingest", json=first, params={"wait": "stored"})
    stored = sorted([first["event_id"], second["event_id"]])
    assert await eventually(lambda: _sorted(running, tenant, len(stored))) == stored


async def test_who_left_strikes_out_nobody_else(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """A shard that another host has entered since stays on the list of those at work when the first one leaves."""
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    active, entry = ActiveShards(databases.control()), (TenantId(tenant.tenant_id), WHOLE_TENANT)
    try:
        first = await active.enter(*entry)
        second = await active.enter(*entry)
        assert first is not None
        assert second is not None
        await active.leave(*entry, first)
        assert entry in await active.all()
        await active.leave(*entry, second)
        assert entry not in await active.all()
    finally:
        await databases.close()


async def _sorted(running: RunningStack, tenant: ProvisionedTenant, count: int) -> list[str]:
    stored = sorted(await stored_ids(running, tenant))
    return stored if len(stored) == count else []
