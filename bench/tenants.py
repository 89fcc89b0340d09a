"""What tenants cost: those that are only registered, and those that send a little now and then; and what events cost.

Runs on a stack of its own.

Prints memory of each part (proportional set size, so that shared pages count once) and bytes on disk, before and after.
Rates are not measured here: on a busy machine, memory and bytes stay what they are.
"""

import argparse
import asyncio
import json
import secrets
import shutil
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from clickhouse_connect.driver import create_async_client
from rich.console import Console
from rich.table import Table

from bench.depth import cpu_seconds
from bench.ingest import ingest_head, measure_ours, now_text
from bench.load import Bodies
from bench.open_loop import OpenLoop
from local.free_ports import free_block
from local.stack import Stack
from schemas.settings import Settings
from tenancy.provisioning import ProvisionedTenant, TenantRequest

RESULTS = Path(__file__).parent / "results" / "tenants.json"
GOAL_ACTIVE_BYTES = 5_000_000
"""Memory of one more small tenant that is active."""

_REGISTERED_AT_ONCE = 4
_BODY_EVENTS = 2
_SETTLE_SECONDS = 10.0
_REST_SECONDS = 20.0
_HOSTS = "hosts of tenants"
_MB = 1e6

console = Console()


@dataclass(frozen=True, slots=True)
class Taken:
    """What the stack holds with so many tenants: memory by part, bytes on disk of both stores."""

    registered: int
    active: int
    memory_bytes: dict[str, int]
    postgres_bytes: int
    clickhouse_bytes: int

    @property
    def total_bytes(self) -> int:
        """Memory of all parts."""
        return sum(self.memory_bytes.values())


@dataclass(frozen=True, slots=True)
class Cost:
    """What a million events cost, in bodies of so many: seconds of a core by part, bytes on disk of both stores."""

    body_events: int
    events: int
    cpu_seconds: dict[str, float]
    postgres_bytes: float
    clickhouse_bytes: float


def memory_by_part(stack: Stack) -> dict[str, int]:
    """Measure each part's memory: the proportional set size of its processes."""
    found: Counter[str] = Counter()
    for process in stack.supervisor.processes():
        try:
            found[_part(process)] += process.memory_full_info().pss
        except psutil.Error:
            continue
    return dict(found)


def cpu_by_part(stack: Stack) -> dict[str, float]:
    """Add up the seconds of CPU that each part has taken so far."""
    found: defaultdict[str, float] = defaultdict(float)
    for process in stack.supervisor.processes():
        try:
            times = process.cpu_times()
            # A server that has ended counts with whoever started it.
            ended = times.children_user + times.children_system if process.name() == "postgres" else 0.0
            found[_part(process)] += times.user + times.system + ended
        except psutil.Error:
            continue
    return dict(found)


def _part(process: psutil.Process) -> str:
    title = " ".join(process.cmdline())
    for beginning, part in (("ray::TenantHost", _HOSTS), ("ray::ServeReplica", "replicas"), ("postgres", "Postgres")):
        if title.startswith(beginning) or (part == "Postgres" and process.name() == "postgres"):
            return part
    return "ClickHouse" if "local.clickhouse_server" in title else "Ray, Serve, edge"


async def _taken(stack: Stack, registered: int, active: int) -> Taken:
    store = await create_async_client(dsn=stack.clickhouse_url)
    answer = await store.query("SELECT sum(bytes_on_disk) FROM system.parts WHERE active")
    await store.close()
    return Taken(registered, active, memory_by_part(stack), _bytes_in(stack.places.postgres), answer.result_rows[0][0])


def _bytes_in(folder: Path) -> int:
    """Add up the files of Postgres but for its log of changes, which it keeps to a size."""
    files = (each for each in folder.rglob("*") if "pg_wal" not in each.parts)
    return sum(each.stat().st_blocks * 512 for each in files if each.is_file())


async def _register(stack: Stack, tenants: list[ProvisionedTenant], count: int) -> float:
    """Make tenants until there are so many; give the seconds of one."""
    turns = asyncio.Semaphore(_REGISTERED_AT_ONCE)
    began = time.perf_counter()
    missing = count - len(tenants)
    async with stack.provisioner() as provisioner:

        async def one() -> None:
            async with turns:
                tenant_id = f"b{secrets.token_hex(5)}"
                host = f"{tenant_id}.localhost"
                tenants.append(
                    await provisioner.create_tenant(TenantRequest(tenant_id, host, tenant_id, f"owner@{host}"))
                )

        await asyncio.gather(*(one() for _ in range(missing)))
    return (time.perf_counter() - began) / max(missing, 1)


@dataclass(frozen=True, slots=True)
class Trickle:
    """How tenants that send a little now and then were served: latencies (ms), and how many requests were refused."""

    active: int
    p50_ms: float
    p99_ms: float
    refused: int
    cores: float


async def _trickle(stack: Stack, tenants: Sequence[ProvisionedTenant], every_seconds: float, seconds: float) -> Trickle:
    """Have each tenant send a body of two events now and then."""
    address = (stack.settings.ports.host, stack.settings.ports.tenant)
    spent = cpu_seconds(stack)

    async def send(tenant: ProvisionedTenant) -> OpenLoop:
        head, bodies = ingest_head(tenant), Bodies(f"trickle-{secrets.token_hex(4)}", now_text())

        def request() -> bytes:
            body = bodies.make(_BODY_EVENTS)
            return head(len(body)) + body

        await asyncio.sleep(secrets.randbelow(1_000) / 1_000 * every_seconds)
        loop = OpenLoop(address, request, 202)
        await loop.run(1 / every_seconds, seconds)
        return loop

    loops = await asyncio.gather(*map(send, tenants))
    # A tenant's first request also starts its shard.
    latencies_ms = [each * 1_000 for loop in loops for each in loop.latencies_seconds[1:]]
    p50, p99 = (statistics.quantiles(latencies_ms, n=100)[percent - 1] for percent in (50, 99))
    return Trickle(len(tenants), p50, p99, sum(loop.refused for loop in loops), spent() / seconds)


async def _start_again(stack: Stack) -> float:
    """End the stack and start it with all its tenants; give the seconds until their plane answers."""
    stack.down()
    began = time.perf_counter()
    await _up(stack)
    return time.perf_counter() - began


async def _measure(
    stack: Stack, steps: Sequence[int], active_steps: Sequence[int], every_seconds: float, seconds: float
) -> list[Taken]:
    tenants: list[ProvisionedTenant] = []
    found = [await _taken(stack, 0, 0)]
    for count in steps:
        each_seconds = await _register(stack, tenants, count)
        began = cpu_by_part(stack)
        await asyncio.sleep(_REST_SECONDS)
        cores = {part: (taken - began[part]) / _REST_SECONDS for part, taken in cpu_by_part(stack).items()}
        found.append(await _taken(stack, count, 0))
        console.print(
            f"{count:,} registered, {each_seconds:.2f} s each; at rest {sum(cores.values()):.2f} cores, "
            f"{cores['Postgres']:.2f} of them in Postgres"
        )
    for active in active_steps:
        served = await _trickle(stack, tenants[:active], every_seconds, seconds)
        found.append(await _taken(stack, len(tenants), active))
        console.print(
            f"{active:,} active: p50 {served.p50_ms:.0f} ms, p99 {served.p99_ms:.0f} ms, {served.refused} requests "
            f"refused, {served.cores:.2f} cores, {found[-1].memory_bytes['Postgres'] / _MB:,.0f} MB in Postgres"
        )
    again_seconds = await _start_again(stack)
    console.print(f"started again with {len(tenants):,} tenants in {again_seconds:.0f} s")
    return found


async def _cost(stack: Stack, body_events: int, seconds: float) -> Cost:
    """Load one tenant for so long, wait until everything is stored, and say what came of it."""
    tenants: list[ProvisionedTenant] = []
    await _register(stack, tenants, 1)
    # What begins with the first event belongs to no event.
    await measure_ours(stack, tenants[0], body_events, 2.0)
    before, began = await _taken(stack, 0, 0), cpu_by_part(stack)
    loaded, _ = await measure_ours(stack, tenants[0], body_events, seconds)
    # Results and reports follow.
    await asyncio.sleep(_SETTLE_SECONDS)
    after, ended = await _taken(stack, 0, 0), cpu_by_part(stack)
    million = loaded.acknowledged_events / 1e6
    return Cost(
        body_events,
        loaded.acknowledged_events,
        {part: (taken - began.get(part, 0.0)) / million for part, taken in ended.items()},
        (after.postgres_bytes - before.postgres_bytes) / million,
        (after.clickhouse_bytes - before.clickhouse_bytes) / million,
    )


def _print_costs(costs: Sequence[Cost]) -> None:
    parts = sorted({part for each in costs for part in each.cpu_seconds})
    table = Table(title="What a million events cost: seconds of a core by part, MB on disk")
    for name in ("events a body", "measured", *parts, "all", "Postgres' disk", "ClickHouse's disk"):
        table.add_column(name, justify="right")
    for each in costs:
        seconds = [each.cpu_seconds.get(part, 0.0) for part in parts]
        disk = (each.postgres_bytes / _MB, each.clickhouse_bytes / _MB)
        figures = (f"{figure:,.0f}" for figure in (*seconds, sum(seconds), *disk))
        table.add_row(f"{each.body_events:,}", f"{each.events:,}", *figures)
    console.print(table)


def _print(found: Sequence[Taken]) -> None:
    parts = sorted({part for each in found for part in each.memory_bytes})
    table = Table(title="Memory by part and bytes on disk, MB")
    for name in ("registered", "active", *parts, "all", "Postgres' disk", "ClickHouse's disk"):
        table.add_column(name, justify="right")
    for each in found:
        memory = [each.memory_bytes.get(part, 0) for part in parts]
        figures = (*memory, each.total_bytes, each.postgres_bytes, each.clickhouse_bytes)
        table.add_row(f"{each.registered:,}", f"{each.active:,}", *(f"{figure / _MB:,.0f}" for figure in figures))
    console.print(table)
    idle = [each for each in found if not each.active]
    registered = idle[-1].registered - idle[0].registered
    console.print(
        f"one more registered tenant: {(idle[-1].total_bytes - idle[0].total_bytes) / registered / _MB:.2f} MB of "
        f"memory, {(idle[-1].postgres_bytes - idle[0].postgres_bytes) / registered / _MB:.1f} MB of Postgres' disk"
    )
    first, *_, last = [each for each in found if each.active]
    for part in (_HOSTS, "Postgres", None):
        before, after = ((each.memory_bytes[part] if part else each.total_bytes) for each in (first, last))
        more = (after - before) / (last.active - first.active)
        console.print(f"one more active tenant, {part or 'all parts'}: {more / _MB:.2f} MB")
    more = (last.total_bytes - first.total_bytes) / (last.active - first.active)
    console.print(f"goal: {GOAL_ACTIVE_BYTES / _MB:.0f} MB; {'met' if more < GOAL_ACTIVE_BYTES else 'NOT met'}")


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--registered", type=int, nargs="+", default=[1, 10, 100, 1_000], help="how many, step by step")
    parser.add_argument("--active", type=int, nargs="+", default=[20, 200], help="how many of them send, step by step")
    parser.add_argument("--every-seconds", type=float, default=10.0, help="how often each sends (default 10)")
    parser.add_argument("--seconds", type=float, default=90.0, help="how long each step lasts (default 90)")
    parser.add_argument("--bodies", type=int, nargs="*", default=[1, 100, 1_000], help="events a body when loaded")
    parser.add_argument("--load-seconds", type=float, default=10.0, help="how long each is loaded (default 10)")
    arguments = parser.parse_args()
    if len(arguments.active) < 2 or min(arguments.active) < 1:
        parser.error("--active needs two steps or more, each of a tenant at least: what one more takes, they tell")
    folder = Path(tempfile.mkdtemp(prefix="tenants-"))
    stack = Stack(Settings(data_dir=folder / "data", ports=free_block()))
    try:
        asyncio.run(_up(stack))
        costs = [asyncio.run(_cost(stack, body, arguments.load_seconds)) for body in arguments.bodies]
        found = asyncio.run(
            _measure(stack, arguments.registered, arguments.active, arguments.every_seconds, arguments.seconds)
        )
    finally:
        stack.destroy()
        shutil.rmtree(folder, ignore_errors=True)
    if costs:
        _print_costs(costs)
    _print(found)
    RESULTS.parent.mkdir(exist_ok=True)
    written = {"costs": [asdict(each) for each in costs], "tenants": [asdict(each) for each in found]}
    RESULTS.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


async def _up(stack: Stack) -> None:
    await stack.up(console.print)
    await stack.prepare(console.print)


if __name__ == "__main__":
    main()
