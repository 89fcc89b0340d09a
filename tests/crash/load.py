"""A small load that behaves as a real client does: it sends again, with the same ids, what was not acknowledged."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil

from storage.postgres.connect import Databases
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, event, eventually, ndjson

SENDERS = 4
REST_SECONDS = 0.05
"""A sender's rest between two bodies: half of what it could send, so that what was killed has a core to start on."""
EVENTS_PER_BODY = 20


@dataclass
class Load:
    """What was acknowledged, and for each conversion of it the click that must win it."""

    acknowledged: list[str] = field(default_factory=list)
    clicks: dict[str, str] = field(default_factory=dict)
    refused: int = 0

    async def reach(self, more: int) -> None:
        """Wait until so many more events were acknowledged."""
        goal = len(self.acknowledged) + more
        async with asyncio.timeout(40):
            while len(self.acknowledged) < goal:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def under_load(
    running: RunningStack, tenant: ProvisionedTenant, rest_seconds: float = REST_SECONDS
) -> AsyncIterator[Load]:
    """Send events from a few clients until the block ends; then let each finish its last body.

    Each rests so long between two bodies, so that something is left of the machine.
    """
    load = Load()
    ending = asyncio.Event()
    headers = {"X-Tenant-ID": tenant.tenant_id, "X-Write-Key": tenant.write_key}
    async with (
        httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=60, trust_env=False) as http,
        asyncio.TaskGroup() as senders,
    ):
        for _ in range(SENDERS):
            senders.create_task(_send_on(http, load, ending, rest_seconds))
        try:
            yield load
        finally:
            ending.set()


async def _send_on(http: httpx.AsyncClient, load: Load, ending: asyncio.Event, rest_seconds: float) -> None:
    while not ending.is_set():
        device = secrets.token_hex(8)
        click, install, purchase = (event(kind, device_id=device) for kind in ("click", "install", "purchase"))
        events = [click, *(event() for _ in range(EVENTS_PER_BODY - 3)), install, purchase]
        answer = await send_patiently(http, ndjson(events), load)
        assert answer["accepted"] + answer["duplicates"] == EVENTS_PER_BODY
        load.acknowledged += [each["event_id"] for each in events]
        load.clicks |= {each["event_id"]: click["event_id"] for each in (install, purchase)}
        await asyncio.sleep(rest_seconds)


async def send_patiently(
    http: httpx.AsyncClient, body: bytes, load: Load | None = None, **parameters: str
) -> dict[str, Any]:
    """Send a body until it is acknowledged; only a broken connection and a 503 are reasons to send it again."""
    while True:
        try:
            answer = await http.post("/api/v1/events/ingest", content=body, params=parameters)
        except httpx.TransportError:
            pass
        else:
            if answer.status_code == 202:
                document: dict[str, Any] = answer.json()
                return document
            assert answer.status_code == 503, answer.text
        if load is not None:
            load.refused += 1
        await asyncio.sleep(0.1)


def titled(running: RunningStack, *titles: str) -> list[psutil.Process]:
    """List the stack's processes whose title begins so."""
    return [process for process in running.stack.supervisor.processes() if _title(process).startswith(titles)]


def kill_program(running: RunningStack, name: str) -> None:
    """SIGKILL one of the supervisor's programs."""
    psutil.Process(running.stack.supervisor.states()[name]["pid"]).kill()


async def kill_actor(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """SIGKILL the host of the tenant, or of one of its shards."""
    random.choice(await eventually(lambda: actors_of(running, tenant))).kill()


async def actors_of(running: RunningStack, tenant: ProvisionedTenant) -> list[psutil.Process]:
    """Find the hosts of the tenant's shards: those that are connected to the tenant's database."""
    ports = await _ports_of_clients(running, tenant)
    return [process for process in titled(running, "ray::TenantHost") if ports & _ports(process)]


async def _ports_of_clients(running: RunningStack, tenant: ProvisionedTenant) -> set[int]:
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    try:
        async with databases.tenant(tenant.tenant_id).connection() as connection:
            rows = await connection.fetch("SELECT client_port FROM pg_stat_activity WHERE datname = current_database()")
    finally:
        await databases.close()
    return {row["client_port"] for row in rows}


def _ports(process: psutil.Process) -> set[int]:
    with suppress(psutil.NoSuchProcess):
        return {each.laddr.port for each in process.net_connections("tcp") if each.laddr}
    return set()


def _title(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return " ".join(process.cmdline())
    return ""
