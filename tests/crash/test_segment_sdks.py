"""Segment's and RudderStack's own SDKs while Postgres is away, and when a connection breaks after the commit."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from cli.tenant_api import TenantApi
from tenancy.provisioning import ProvisionedTenant
from tests.crash.relay import relay_to
from tests.sdk_runs import PROGRAMS, every_sdk, sending
from tests.stack_fixtures import RunningStack, event, eventually, stored_ids

pytestmark = pytest.mark.anyio


def calls_of(sdk: str) -> list[dict[str, Any]]:
    """Make calls of which the events' names tell the SDK."""
    return [{"type": "track", "event": f"{sdk} {number}", "userId": "u-1"} for number in range(3)]


async def test_postgres_away(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """503 while Postgres is away, for an unknown key, too; each SDK tries again, and its events are stored once."""
    key = tenant.write_key
    assert (await http.post("/api/v1/events/ingest", json=event())).status_code == 202
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(running.stack.supervisor.stop_program, "postgres")
        try:
            runs = [
                await stack.enter_async_context(sending(sdk, running.tenant_url, key, calls_of(sdk)))
                for sdk in PROGRAMS
            ]
            await asyncio.gather(*(run.reach("503") for run in runs))
            assert not any("200" in run.lines for run in runs)
            unknown = await http.post("/v1/track", json=calls_of("x")[0], headers={"X-Write-Key": "wk_new"})
            assert (unknown.status_code, unknown.json()["code"]) == (503, "directory-unavailable")
        finally:
            await asyncio.to_thread(running.stack.supervisor.start_program, "postgres")
        for lines in await asyncio.gather(*(run.finish() for run in runs)):
            assert (set(lines), lines[-1]) == ({"503", "200"}, "200")
    await assert_stored_once(api, ["click", *(call["event"] for sdk in PROGRAMS for call in calls_of(sdk))])


@every_sdk
async def test_answer_lost_after_the_commit(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, sdk: str
) -> None:
    """An SDK that is not told of its events' safety sends them again, and they are stored once."""
    async with relay_to("127.0.0.1", running.stack.settings.ports.tenant) as relay:
        relay.lose_answer_to(b"POST /v1/batch")
        async with sending(sdk, f"http://127.0.0.1:{relay.port}", tenant.write_key, calls_of(sdk)) as run:
            assert await run.finish() == ["200"]
        assert relay.lost.is_set()
    await assert_stored_once(api, [call["event"] for call in calls_of(sdk)])
    totals = (await api.get("/api/v1/reports/quality"))["totals"]
    assert (totals["received"], totals["duplicates"]) == (6, 3)
    assert len(await stored_ids(running, tenant)) == 3


async def assert_stored_once(api: TenantApi, names: list[str]) -> None:
    """Every event of these names is one row, and there is no other."""

    async def found() -> list[str] | None:
        listed = [row.get("event_name", row["event_type"]) async for row in api.pages("/api/v1/events", limit=100)]
        return listed if len(listed) >= len(names) else None

    assert sorted(await eventually(found)) == sorted(names)
