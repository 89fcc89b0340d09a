"""Ingest, measured deeper: against the bare engine, at half its rate, over many tenants, in CPU time and parts.

The figures of docs/benchmarks.md that a closed loop over one tenant does not show.
"""

import argparse
import asyncio
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import zstandard
from clickhouse_connect.driver import create_async_client
from rich.console import Console
from rich.table import Table

from bench.ingest import BENCH_TENANT, CONNECTIONS, ingest_head, make_tenant, measure_ours, now_text
from bench.load import Bodies, LoadResult, run_load
from bench.open_loop import OpenLoop
from bench.parts import parts_of_small
from local.stack import Stack
from schemas.ids import new_batch_id
from schemas.settings import Settings
from storage.clickhouse.event_writer import INSERT_SETTINGS
from storage.names import clickhouse_tables
from tenancy.provisioning import ProvisionedTenant, TenantRequest
from unmogrow.client import PlatformClient

RESULTS = Path(__file__).parent / "results" / "depth.json"
GOALS = {"engine_share": 0.6, "half_rate_p99_ms": 50.0, "many_tenants_share": 0.7}
PARTS_ACTIVE_MAX = 154
"""Of seven tables in which a small tenant's rows are, up to 22 parts each: so many there are before they are merged."""

PARTS_WRITTEN_MAX = 60
"""One a second, whatever a tenant sends, over all its tables: many tenants' inserts take turns."""

_BLOCK_ROWS = 10_000
BODY_EVENTS = 100

console = Console()


@dataclass(frozen=True, slots=True)
class Depth:
    """What was measured; see the docs for what each means."""

    engine_events_per_second: float
    stored_events_per_second: float
    engine_share: float
    half_rate_events_per_second: float
    half_rate_p50_ms: float
    half_rate_p99_ms: float
    tenants: int
    many_tenants_share: float
    parts_active_per_tenant: float
    parts_written_per_tenant_minute: float
    shards: int
    shards_share: float
    cpu_seconds_per_million: float


async def feed_engine(stack: Stack, tenant: ProvisionedTenant, seconds: float) -> float:
    """Insert the same bytes directly, 10,000 rows at a time; return rows per second."""
    store = await create_async_client(dsn=stack.clickhouse_url)
    table = clickhouse_tables(tenant.tenant_id)["events"]
    stamp = b',"received_at":"%b","batch_id":"%b"}\n' % (now_text().encode(), new_batch_id().encode())
    bodies = Bodies(f"direct-{secrets.token_hex(4)}", now_text())
    rows, spent = 0, 0.0
    while spent < seconds:
        body = bodies.make(_BLOCK_ROWS).replace(b"}\n", stamp)[:-1] + stamp
        block = zstandard.compress(body, level=1)
        started = time.perf_counter()
        await store.raw_insert(
            table, insert_block=block, fmt="JSONEachRow", compression="zstd", settings=INSERT_SETTINGS
        )
        spent += time.perf_counter() - started
        rows += _BLOCK_ROWS
    await store.close()
    return rows / spent


async def at_half_rate(
    stack: Stack, tenant: ProvisionedTenant, events_per_second: float, seconds: float
) -> tuple[float, float]:
    """Send bodies when they are due, whether the last was answered or not; return p50 and p99 in milliseconds."""
    head, bodies = ingest_head(tenant), Bodies(f"half-{secrets.token_hex(4)}", now_text())

    def request() -> bytes:
        body = bodies.make(BODY_EVENTS)
        return head(len(body)) + body

    loop = OpenLoop((stack.settings.ports.host, stack.settings.ports.tenant), request, 202)
    await loop.run(events_per_second / BODY_EVENTS, seconds)
    return loop.percentile_ms(50), loop.percentile_ms(99)


async def make_tenants(stack: Stack, count: int) -> list[ProvisionedTenant]:
    """Make many tenants whose shards are at work."""
    async with stack.provisioner() as provisioner:
        tenants = [
            await provisioner.create_tenant(
                TenantRequest(f"bench{number}", f"bench{number}.localhost", "Bench", "b@b.b")
            )
            for number in range(count)
        ]
    # The first calls start the actors; they are not counted.
    for group in range(0, count, 4):
        await asyncio.gather(*(load_tenant(stack, tenant, 1, 0.1) for tenant in tenants[group : group + 4]))
    return tenants


async def over_tenants(
    stack: Stack, alone: ProvisionedTenant, tenants: Sequence[ProvisionedTenant], seconds: float
) -> float:
    """Load many tenants at once, then one over as many connections; return the many's share of the one's events."""
    connections = max(1, CONNECTIONS // len(tenants))
    results = await asyncio.gather(*(load_tenant(stack, tenant, connections, seconds) for tenant in tenants))
    many = sum(result.acknowledged_events for result in results) / max(result.seconds for result in results)
    one = await load_tenant(stack, alone, connections * len(tenants), seconds)
    return many / one.events_per_second


async def over_shards(stack: Stack, tenant: ProvisionedTenant, shards: int, seconds: float) -> float:
    """Load one tenant whose work so many shards share; return acknowledged events per second."""
    ports = stack.settings.ports
    async with PlatformClient(f"http://{ports.host}:{ports.global_}", stack.operator_key) as platform:
        await platform.change_tenant(tenant.tenant_id, {"shards": shards})
    # The first calls start the shards; they are not counted.
    await measure_ours(stack, tenant, BODY_EVENTS, 2.0)
    result, _ = await measure_ours(stack, tenant, BODY_EVENTS, seconds)
    return result.events_per_second


async def load_tenant(stack: Stack, tenant: ProvisionedTenant, connections: int, seconds: float) -> LoadResult:
    """Load a tenant with bodies of 100 events over so many connections."""
    address = (stack.settings.ports.host, stack.settings.ports.tenant)
    result = LoadResult(BODY_EVENTS)
    bodies = Bodies(f"many-{secrets.token_hex(4)}", now_text())
    await run_load(address, ingest_head(tenant), bodies, result, connections=connections, seconds=seconds)
    return result


def cpu_seconds(stack: Stack) -> Callable[[], float]:
    """Note what the stack's processes have used so far; the result says what they have used since."""

    def used() -> dict[int, float]:
        found = {}
        for process in stack.supervisor.processes():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            found[process.pid] = times.user + times.system
        return found

    before = used()
    return lambda: sum(seconds - before.get(pid, 0.0) for pid, seconds in used().items())


async def _measure(stack: Stack, seconds: float, count: int, shards: int, parts_seconds: float) -> Depth:
    tenant = await make_tenant(stack)
    await measure_ours(stack, tenant, BODY_EVENTS, 2.0)
    direct = await feed_engine(stack, tenant, seconds)
    tenant = await make_tenant(stack)
    large, drain_seconds = await measure_ours(stack, tenant, 1_000, seconds)
    stored = large.acknowledged_events / (large.seconds + drain_seconds)
    tenant = await make_tenant(stack)
    spent = cpu_seconds(stack)
    most, _ = await measure_ours(stack, tenant, BODY_EVENTS, seconds)
    million_cost = spent() / most.acknowledged_events * 1e6
    half = most.events_per_second / 2
    p50, p99 = await at_half_rate(stack, tenant, half, seconds)
    sharded = await over_shards(stack, tenant, shards, seconds)
    # The same way back, so that both are measured alike.
    alone = await over_shards(stack, tenant, 1, seconds)
    tenants = await make_tenants(stack, count)
    many_share = await over_tenants(stack, tenant, tenants, seconds)
    parts = await parts_of_small(stack, tenants, parts_seconds)
    return Depth(
        engine_events_per_second=direct,
        stored_events_per_second=stored,
        engine_share=stored / direct,
        half_rate_events_per_second=half,
        half_rate_p50_ms=p50,
        half_rate_p99_ms=p99,
        tenants=count,
        many_tenants_share=many_share,
        parts_active_per_tenant=parts.active,
        parts_written_per_tenant_minute=parts.written_per_minute,
        shards=shards,
        shards_share=sharded / alone,
        cpu_seconds_per_million=million_cost,
    )


def _print(found: Depth) -> None:
    table = Table("figure", "value", "goal", title=f"Ingest of {BENCH_TENANT.tenant_id}, deeper")
    table.add_row("the engine alone, 10,000-row blocks", f"{found.engine_events_per_second:,.0f} events/s", "")
    table.add_row("ingest until stored, bodies of 1,000", f"{found.stored_events_per_second:,.0f} events/s", "")
    table.add_row("share of the engine's rate", f"{found.engine_share:.2f}", f"{GOALS['engine_share']}")
    table.add_row(
        f"ack at half the highest rate ({found.half_rate_events_per_second:,.0f} events/s, bodies of 100)",
        f"p50 {found.half_rate_p50_ms:.1f} ms, p99 {found.half_rate_p99_ms:.1f} ms",
        f"p99 {GOALS['half_rate_p99_ms']:.0f} ms",
    )
    table.add_row(
        f"{found.tenants} tenants together, against one alone",
        f"{found.many_tenants_share:.2f}",
        f"{GOALS['many_tenants_share']}",
    )
    table.add_row(
        "parts of a small tenant, on average", f"{found.parts_active_per_tenant:.0f}", f"at most {PARTS_ACTIVE_MAX}"
    )
    table.add_row(
        "parts that its inserts write in a minute",
        f"{found.parts_written_per_tenant_minute:.0f}",
        f"at most {PARTS_WRITTEN_MAX}",
    )
    table.add_row(f"one tenant over {found.shards} shards, against one", f"{found.shards_share:.2f}", "")
    table.add_row("CPU for a million events, bodies of 100", f"{found.cpu_seconds_per_million:.0f} s", "")
    console.print(table)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each part is loaded (default 10)")
    parser.add_argument("--tenants", type=int, default=100, help="how many at once (default 100)")
    parser.add_argument("--shards", type=int, default=3, help="how many share a tenant's work (default 3)")
    parser.add_argument("--parts-seconds", type=float, default=60.0, help="how long parts are counted (default 60)")
    arguments = parser.parse_args()
    stack = Stack(Settings())
    if not stack.status():
        raise SystemExit("The stack is not up: run `make up` first.")
    found = asyncio.run(
        _measure(stack, arguments.seconds, arguments.tenants, arguments.shards, arguments.parts_seconds)
    )
    _print(found)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(asdict(found), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
