"""A database away for a while, under load."""

import time

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.crash.checks import assert_exactly_once
from tests.crash.load import under_load
from tests.stack_fixtures import RunningStack, event, eventually

pytestmark = pytest.mark.anyio


async def test_clickhouse_away(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Events are acknowledged while ClickHouse is away, and all of them are there once it is back."""
    async with under_load(running, tenant) as load:
        await load.reach(60)
        running.stack.supervisor.stop_program("clickhouse")
        try:
            await load.reach(400)
        finally:
            running.stack.supervisor.start_program("clickhouse")
        await load.reach(60)
    assert load.refused == 0
    await assert_exactly_once(running, tenant, load)


async def test_postgres_away(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> None:
    """503 with Retry-After within seconds and no 2xx while Postgres is away, then 202 without any restart."""
    async with under_load(running, tenant) as load:
        await load.reach(60)
    running.stack.supervisor.stop_program("postgres")
    try:
        for _ in range(3):
            started = time.monotonic()
            answer = await http.post("/api/v1/events/ingest", json=event())
            assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
            assert int(answer.headers["Retry-After"]) >= 1
            assert time.monotonic() - started < 5
    finally:
        running.stack.supervisor.start_program("postgres")

    async def is_taken() -> bool:
        return (await http.post("/api/v1/events/ingest", json=event())).status_code == 202

    await eventually(is_taken)
    await assert_exactly_once(running, tenant, load)
