"""Redirects of tracking links, measured on the running stack (`make up`) in an open loop."""

import argparse
import asyncio
import json
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from clickhouse_connect.driver import create_async_client
from rich.console import Console

from bench.ingest import make_tenant
from bench.open_loop import OpenLoop
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
    loop = OpenLoop((stack.settings.ports.host, stack.settings.ports.tenant), lambda: request, httpx.codes.FOUND)
    await loop.run(clicks_per_second, seconds)
    waited = await _until_stored(stack, tenant, run, len(loop.latencies_seconds))
    return Figures(
        clicks_per_second,
        len(loop.latencies_seconds),
        loop.refused,
        loop.percentile_ms(50),
        loop.percentile_ms(99),
        max(loop.latencies_seconds) * 1_000,
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
