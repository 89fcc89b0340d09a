"""A small load that behaves as a real client does: it sends again, with the same ids, what was not acknowledged."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
import psutil

from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, event, ndjson

SENDERS = 4
EVENTS_PER_BODY = 20


@dataclass
class Load:
    """What was acknowledged, and which of it were conversions."""

    acknowledged: list[str] = field(default_factory=list)
    conversions: list[str] = field(default_factory=list)
    refused: int = 0

    async def reach(self, more: int) -> None:
        """Wait until so many more events were acknowledged."""
        goal = len(self.acknowledged) + more
        while len(self.acknowledged) < goal:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def under_load(running: RunningStack, tenant: ProvisionedTenant) -> AsyncIterator[Load]:
    """Send events from a few clients until the block ends; then let each finish its last body."""
    load = Load()
    ending = asyncio.Event()
    headers = {"X-Tenant-ID": tenant.tenant_id, "X-Write-Key": tenant.write_key}
    async with (
        httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=60, trust_env=False) as http,
        asyncio.TaskGroup() as senders,
    ):
        for _ in range(SENDERS):
            senders.create_task(_send(http, load, ending))
        try:
            yield load
        finally:
            ending.set()


async def _send(http: httpx.AsyncClient, load: Load, ending: asyncio.Event) -> None:
    while not ending.is_set():
        events = [event() for _ in range(EVENTS_PER_BODY - 2)] + [event("install"), event("purchase")]
        body = ndjson(events)
        while True:
            try:
                answer = await http.post("/api/v1/events/ingest", content=body)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 202:
                break
            assert answer is None or answer.status_code == 503, answer.text
            load.refused += 1
            await asyncio.sleep(0.1)
        load.acknowledged += [each["event_id"] for each in events]
        load.conversions += [each["event_id"] for each in events[-2:]]


def kill_processes(running: RunningStack, title: str) -> int:
    """SIGKILL the stack's processes whose command line begins with a title; say how many."""
    killed = 0
    for process in running.stack.supervisor.processes():
        with suppress(psutil.NoSuchProcess):
            if " ".join(process.cmdline()).startswith(title):
                process.kill()
                killed += 1
    return killed
