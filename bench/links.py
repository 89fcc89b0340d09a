"""Redirects of tracking links, measured on the running stack (`make up`).

An open loop: a click is due every so many milliseconds whether the last one was answered or not, and its latency
counts from the moment it was due, as for people, who do not wait for each other.
"""

import argparse
import asyncio
import json
import secrets
import statistics
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from clickhouse_connect.driver import create_async_client
from rich.console import Console

from bench.ingest import make_tenant
from local.stack import Stack
from schemas.link_problems import LinkExists
from schemas.links import Link
from schemas.settings import Settings
from storage.names import clickhouse_tables
from storage.postgres.connect import Databases
from storage.postgres.links import Links
from tenancy.provisioning import ProvisionedTenant

RESULTS = Path(__file__).parent / "results" / "links.json"
GOAL_P99_MS = 20.0
LINK = Link(
    link_id="bench",
    media_source="bench",
    campaign="autumn_sale",
    android_store_url="https://play.google.com/store/apps/details?id=com.example.bench",
)
_DRAIN_SECONDS_MAX = 60.0
_AGENT = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"

console = Console()


@dataclass(frozen=True, slots=True)
class Figures:
    """One run; latencies from the moment a click was due."""

    clicks_per_second: int
    clicks: int
    refused: int
    p50_ms: float
    p99_ms: float
    longest_ms: float
    stored_after_seconds: float


class _Clicker:
    """Sends clicks over connections that are kept and reused."""

    def __init__(self, address: tuple[str, int], request: bytes) -> None:
        self._address = address
        self._request = request
        self._idle: deque[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = deque()
        self.latencies_seconds: list[float] = []
        self.refused = 0

    async def click(self, due: float) -> None:
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(*self._address)
        writer.write(self._request)
        head = await reader.readuntil(b"\r\n\r\n")
        if head[9:12] == b"302":
            self.latencies_seconds.append(time.perf_counter() - due)
        else:
            self.refused += 1
        self._idle.append((reader, writer))

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()


async def make_link(stack: Stack, tenant: ProvisionedTenant) -> None:
    """Make the link that is clicked, unless an earlier run has, and wait until it redirects."""
    databases = Databases(stack.backends, stack.settings.postgres)
    with suppress(LinkExists):
        await Links(databases.control(), tenant.tenant_id).add(LINK)
    await databases.close()
    ports = stack.settings.ports
    async with httpx.AsyncClient(base_url=f"http://{ports.host}:{ports.tenant}", trust_env=False) as stranger:
        headers = {"X-Tenant-ID": tenant.tenant_id}
        async with asyncio.timeout(_DRAIN_SECONDS_MAX):
            status = 0
            while status != httpx.codes.FOUND:
                await asyncio.sleep(0.1)
                status = (await stranger.head(f"/c/{LINK.link_id}", headers=headers)).status_code


async def measure(stack: Stack, tenant: ProvisionedTenant, clicks_per_second: int, seconds: float) -> Figures:
    """Click for a while, then wait until ClickHouse has every click that was answered."""
    run = secrets.token_hex(8)
    request = (
        f"GET /c/{LINK.link_id}?sub1={run}&gclid=g HTTP/1.1\r\nHost: {tenant.host}\r\nUser-Agent: {_AGENT}\r\n\r\n"
    ).encode()
    clicker = _Clicker((stack.settings.ports.host, stack.settings.ports.tenant), request)
    count = int(clicks_per_second * seconds)
    started = time.perf_counter()
    async with asyncio.TaskGroup() as clicks:
        for index in range(count):
            due = started + index / clicks_per_second
            await asyncio.sleep(due - time.perf_counter())
            clicks.create_task(clicker.click(due))
    clicker.close()
    waited = await _until_stored(stack, tenant, run, len(clicker.latencies_seconds))
    cuts = statistics.quantiles(clicker.latencies_seconds, n=100)
    return Figures(
        clicks_per_second,
        len(clicker.latencies_seconds),
        clicker.refused,
        cuts[49] * 1_000,
        cuts[98] * 1_000,
        max(clicker.latencies_seconds) * 1_000,
        waited,
    )


async def _until_stored(stack: Stack, tenant: ProvisionedTenant, run: str, clicks: int) -> float:
    started = time.perf_counter()
    store = await create_async_client(dsn=stack.clickhouse_url)
    table = clickhouse_tables(tenant.tenant_id)["events"]
    stored = 0
    while stored != clicks:
        if time.perf_counter() - started > _DRAIN_SECONDS_MAX:
            console.print(f"[red]{clicks} clicks were answered, {stored} are in ClickHouse")
            raise SystemExit(1)
        await asyncio.sleep(0.1)
        stored = (await store.query(f"SELECT count() FROM {table} WHERE sub1 = '{run}'")).result_rows[0][0]  # noqa: S608
    await store.close()
    return time.perf_counter() - started


async def _measure(stack: Stack, clicks_per_second: int, seconds: float) -> Figures:
    tenant = await make_tenant(stack)
    await make_link(stack, tenant)
    # The first clicks start the tenant's actor and open the connections; they are not counted.
    await measure(stack, tenant, clicks_per_second, 3.0)
    return await measure(stack, tenant, clicks_per_second, seconds)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long (default 20)")
    parser.add_argument("--rate", type=int, default=200, help="clicks per second (default 200)")
    arguments = parser.parse_args()
    stack = Stack(Settings())
    if not stack.status():
        raise SystemExit("The stack is not up: run `make up` first.")
    figures = asyncio.run(_measure(stack, arguments.rate, arguments.seconds))
    colour = "green" if figures.p99_ms < GOAL_P99_MS else "red"
    console.print(
        f"{figures.clicks} redirects at {figures.clicks_per_second}/s, {figures.refused} refused: "
        f"p50 {figures.p50_ms:.1f} ms, [{colour}]p99 {figures.p99_ms:.1f} ms[/] (goal {GOAL_P99_MS:.0f}), "
        f"longest {figures.longest_ms:.1f} ms; the last stored {figures.stored_after_seconds:.1f} s later"
    )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(asdict(figures), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
