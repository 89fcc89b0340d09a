"""Segment's and RudderStack's own SDKs while Postgres is away, and when a connection breaks after the commit."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.crash.relay import relay_to
from tests.sdk_runs import PROGRAMS, started
from tests.stack_fixtures import RunningStack, event, eventually, stored_ids
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio


def calls_of(sdk: str) -> list[dict[str, Any]]:
    """Make calls of which the events' names tell the SDK."""
    return [{"type": "track", "event": f"{sdk} {number}", "userId": "u-1"} for number in range(3)]


async def test_postgres_away(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """503 while Postgres is away, for an unknown key, too; each SDK tries again, and its events are stored once."""
    assert (await http.post("/api/v1/events/ingest", json=event())).status_code == 202
    async with AsyncExitStack() as stack:
        # They load while Postgres is there: each second of its absence doubles how long they wait.
        runs = [
            (sdk, await stack.enter_async_context(started(sdk, running.tenant_url, tenant.write_key)))
            for sdk in PROGRAMS
        ]
        await asyncio.gather(*(run.load() for _, run in runs))
        await asyncio.to_thread(running.stack.supervisor.stop_program, "postgres")
        try:
            for sdk, run in runs:
                run.make(calls_of(sdk))
            await asyncio.gather(*(run.reach("503") for _, run in runs))
            assert not any("200" in run.lines for _, run in runs)
            unknown = await http.post("/v1/track", json=calls_of("x")[0], headers={"X-Write-Key": "wk_new"})
            assert (unknown.status_code, unknown.json()["code"]) == (503, "directory-unavailable")
        finally:
            await asyncio.to_thread(running.stack.supervisor.start_program, "postgres")
        for lines in await asyncio.gather(*(run.finish() for _, run in runs)):
            assert (set(lines), lines[-1]) == ({"503", "200"}, "200")
    await assert_stored_once(api, ["click", *(call["event"] for sdk in PROGRAMS for call in calls_of(sdk))])


async def test_answer_lost_after_the_commit(running: RunningStack, tenant: ProvisionedTenant, api: TenantApi) -> None:
    """An SDK that is not told of its events' safety sends them again, and they are stored once."""
    async with AsyncExitStack() as stack:
        runs, relays = [], []
        for sdk in PROGRAMS:
            relay = await stack.enter_async_context(relay_to("127.0.0.1", running.stack.settings.ports.tenant))
            relay.lose_answer_to(b"POST /v1/batch")
            run = await stack.enter_async_context(started(sdk, f"http://127.0.0.1:{relay.port}", tenant.write_key))
            runs.append(run)
            relays.append(relay)
        await asyncio.gather(*(run.load() for run in runs))
        for sdk, run in zip(PROGRAMS, runs, strict=True):
            run.make(calls_of(sdk))
        assert await asyncio.gather(*(run.finish() for run in runs)) == [["200"]] * len(runs)
        assert all(relay.lost.is_set() for relay in relays)
    names = [call["event"] for sdk in PROGRAMS for call in calls_of(sdk)]
    await assert_stored_once(api, names)
    totals = (await api.get("/api/v1/reports/quality"))["totals"]
    assert (totals["received"], totals["duplicates"]) == (2 * len(names), len(names))
    assert len(await stored_ids(running, tenant)) == len(names)


async def assert_stored_once(api: TenantApi, names: list[str]) -> None:
    """Every event of these names is one row, and there is no other."""

    async def found() -> list[str] | None:
        listed = [row.get("event_name", row["event_type"]) async for row in api.pages("/api/v1/events", limit=100)]
        return listed if len(listed) >= len(names) else None

    assert sorted(await eventually(found)) == sorted(names)
