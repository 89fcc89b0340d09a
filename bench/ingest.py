"""Ingest, measured: the running stack (`make up`) against a plain handler over the same engine, in one run.

Machines differ; the ratios between the two are what to compare.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import httpx
from clickhouse_connect.driver import create_async_client
from rich.console import Console
from rich.table import Table

from bench.load import Bodies, LoadResult, run_load
from bench.plain_handler import TABLE, create_table
from local.free_ports import free_port
from local.stack import Stack
from schemas.settings import Settings
from storage.names import clickhouse_tables
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant, TenantRequest

SIZES = (1, 100, 1_000)
CONNECTIONS = 16
GOALS = {1: 10.0, 100: 7.0, 1_000: 3.0}
BENCH_TENANT = TenantRequest("bench", "bench.localhost", "Benchmark", "owner@bench.localhost")
_DRAIN_SECONDS_MAX = 300.0
RESULTS = Path(__file__).parent / "results" / "ingest.json"

console = Console(width=max(Console().width, 110))


@dataclass(frozen=True, slots=True)
class Row:
    """Both sides at one body size; `drain_seconds` is how long the store needed after the load ended."""

    ours: LoadResult
    plain: LoadResult
    drain_seconds: float

    @property
    def ratio(self) -> float:
        """Our events per second by the plain handler's."""
        return self.ours.events_per_second / self.plain.events_per_second


def now_text() -> str:
    """Tell the time as events do."""
    return utc_now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _head(path: str, host: str, extra: str) -> Callable[[int], bytes]:
    template = f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{extra}Content-Length: "
    return lambda length: f"{template}{length}\r\n\r\n".encode()


class _ArrayBodies(Bodies):
    """The same events as a JSON array: what a handler with a pydantic body takes."""

    def make(self, events: int) -> bytes:
        return b"[" + super().make(events).replace(b"\n", b",") + b"]"


async def make_tenant(stack: Stack) -> ProvisionedTenant:
    """Make the tenant that is loaded, or empty its tables: the demo's data stays what it is."""
    async with stack.provisioner() as provisioner:
        tenant = await provisioner.create_tenant(BENCH_TENANT)
    store = await create_async_client(dsn=stack.clickhouse_url)
    for slot in ("events", "touch_keys", "install_keys", "attributed", "activity", "touch_counts"):
        await store.command(f"TRUNCATE TABLE {clickhouse_tables(tenant.tenant_id)[slot]}")
    await store.close()
    return tenant


def ingest_head(tenant: ProvisionedTenant) -> Callable[[int], bytes]:
    """Make the head of a request that sends a tenant's events, for a length of its body."""
    return _head(
        "/api/v1/events/ingest",
        tenant.host,
        f"X-Tenant-ID: {tenant.tenant_id}\r\nX-Write-Key: {tenant.write_key}\r\nContent-Type: application/x-ndjson\r\n",
    )


async def measure_ours(
    stack: Stack, tenant: ProvisionedTenant, events: int, seconds: float
) -> tuple[LoadResult, float]:
    """Load the tenant plane, then wait until ClickHouse has everything that was acknowledged."""
    prefix = f"bench-{uuid.uuid4().hex[:10]}"
    result = LoadResult(events)
    address = (stack.settings.ports.host, stack.settings.ports.tenant)
    store = await create_async_client(dsn=stack.clickhouse_url)
    table = clickhouse_tables(tenant.tenant_id)["events"]
    rows = f"SELECT count() FROM {table}"  # noqa: S608
    ids = f"SELECT uniqExact(event_id) FROM {table} WHERE startsWith(event_id, '{prefix}-')"  # noqa: S608
    rows_before = (await store.query(rows)).result_rows[0][0]
    await run_load(
        address, ingest_head(tenant), Bodies(prefix, now_text()), result, connections=CONNECTIONS, seconds=seconds
    )
    started = time.perf_counter()
    drain_seconds, stored = 0.0, 0
    while stored < result.acknowledged_events and drain_seconds < _DRAIN_SECONDS_MAX:
        await asyncio.sleep(0.1)
        drain_seconds = time.perf_counter() - started
        # Looking at the ids takes from the engine what is measured; rows it counts without reading any.
        if (await store.query(rows)).result_rows[0][0] - rows_before >= result.acknowledged_events:
            stored = (await store.query(ids)).result_rows[0][0]
    await store.close()
    if stored < result.acknowledged_events:
        console.print(f"[red]{result.acknowledged_events - stored} acknowledged events are not in ClickHouse")
        raise SystemExit(1)
    return result, drain_seconds


async def measure_plain(clickhouse_url: str, events: int, seconds: float) -> LoadResult:
    """Start the plain handler, load it, end it."""
    store = await create_async_client(dsn=clickhouse_url)
    await store.command(create_table())
    port = free_port()
    process = subprocess.Popen(  # noqa: ASYNC220 - ours, on loopback
        [sys.executable, "-m", "uvicorn", "bench.plain_handler:app", "--port", str(port), "--log-level", "warning"],
        env=os.environ | {"BENCH_CLICKHOUSE_URL": clickhouse_url},
    )
    try:
        await _until_open(port)
        head = _head("/events", "localhost", "Content-Type: application/json\r\n")
        result = LoadResult(events)
        bodies = _ArrayBodies("plain", now_text())
        await run_load(("127.0.0.1", port), head, bodies, result, connections=CONNECTIONS, seconds=seconds)
    finally:
        process.terminate()
        process.wait()
        await store.command(f"DROP TABLE {TABLE}")
        await store.close()
    return result


async def _until_open(port: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(30):
        while True:
            try:
                await client.get(f"http://127.0.0.1:{port}/openapi.json")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return


def print_rows(rows: list[Row]) -> None:
    """Print the table that docs and notes quote."""
    table = Table(title=f"Acknowledged events, {CONNECTIONS} connections, about 465 bytes an event")
    for name in (
        "events/body",
        "events/s",
        "p50 ms",
        "p99 ms",
        "drain s",
        "plain events/s",
        "p50 ms",
        "p99 ms",
        "ratio",
        "goal",
    ):
        table.add_column(name, justify="right")
    for row in rows:
        ours, plain, goal = row.ours, row.plain, GOALS[row.ours.events_per_body]
        table.add_row(
            f"{ours.events_per_body:,}",
            f"{ours.events_per_second:,.0f}",
            f"{ours.quantile_ms(50):.1f}",
            f"{ours.quantile_ms(99):.1f}",
            f"{row.drain_seconds:.1f}",
            f"{plain.events_per_second:,.0f}",
            f"{plain.quantile_ms(50):.1f}",
            f"{plain.quantile_ms(99):.1f}",
            f"[{'green' if row.ratio >= goal else 'red'}]{row.ratio:.1f}",
            f"{goal:.0f}",
        )
    console.print(table)


def write_rows(rows: list[Row]) -> None:
    """Write the figures as JSON."""
    RESULTS.parent.mkdir(exist_ok=True)
    figures = [
        {
            "events_per_body": row.ours.events_per_body,
            "ratio": row.ratio,
            "drain_seconds": row.drain_seconds,
            **{
                f"{side}_{name}": value
                for side, result in (("ours", row.ours), ("plain", row.plain))
                for name, value in (
                    ("events_per_second", result.events_per_second),
                    ("p50_ms", result.quantile_ms(50)),
                    ("p99_ms", result.quantile_ms(99)),
                    ("refused_requests", result.refused),
                )
            },
        }
        for row in rows
    ]
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


async def _measure(stack: Stack, seconds: float) -> list[Row]:
    tenant = await make_tenant(stack)
    # The first calls start the tenant's actor and warm every part; they are not counted.
    await measure_ours(stack, tenant, 100, 2.0)
    rows = []
    for events in SIZES:
        ours, drain_seconds = await measure_ours(stack, tenant, events, seconds)
        plain = await measure_plain(stack.clickhouse_url, events, seconds)
        rows.append(Row(ours, plain, drain_seconds))
    return rows


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each size is loaded (default 10)")
    arguments = parser.parse_args()
    stack = Stack(Settings())
    if not stack.status():
        raise SystemExit("The stack is not up: run `make up` first.")
    rows = asyncio.run(_measure(stack, arguments.seconds))
    print_rows(rows)
    write_rows(rows)


if __name__ == "__main__":
    main()
