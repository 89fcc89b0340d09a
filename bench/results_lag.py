"""From an install to its readable result, measured on the running stack (`make up`) in an open loop.

Each install is sent a few seconds after the click that led to it, one event a request. Its wait counts from the moment
it was due until the tenant's database has its result, which is what `GET /api/v1/attributions/{id}` reads.
"""

import argparse
import asyncio
import json
import secrets
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import orjson
from rich.console import Console

from bench.ingest import ingest_head, make_tenant, now_text
from bench.open_loop import OpenLoop
from local.stack import Stack
from schemas.settings import Settings
from storage.postgres.connect import Databases
from tenancy.provisioning import ProvisionedTenant

RESULTS = Path(__file__).parent / "results" / "results_lag.json"
GOAL_P99_SECONDS = 2.0
CLICK_AHEAD_SECONDS = 3.0
_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 60.0
_NEW = """
SELECT a.conversion_id, a.media_source FROM attributions AS a
WHERE a.conversion_id = ANY($1::text[])
"""

console = Console()


@dataclass(frozen=True, slots=True)
class Figures:
    """One run; waits in seconds, from the moment an install was due."""

    installs_per_second: int
    installs: int
    refused: int
    wrong: int
    acknowledged_p99_ms: float
    p50: float
    p95: float
    p99: float
    longest: float


class Run:
    """Installs and clicks of one run, and when each install was due and had its result."""

    def __init__(self, tenant: ProvisionedTenant, rate: int) -> None:
        self._head = ingest_head(tenant)
        self._name = secrets.token_hex(6)
        self._rate = rate
        self._clicks = 0
        self.started = 0.0
        self.due: dict[str, float] = {}
        self.waits: dict[str, float] = {}
        self.sources: dict[str, str] = {}

    def click(self) -> bytes:
        """Write the next click."""
        self._clicks += 1
        return self._request("click", self._clicks - 1, {"media_source": f"source {self._clicks % 10}"})

    def install(self) -> bytes:
        """Write the next install; it was due by the loop's clock."""
        index = len(self.due)
        self.due[f"{self._name}-install-{index}"] = self.started + index / self._rate
        return self._request("install", index, {"platform": "android"})

    async def watch(self, databases: Databases, tenant: ProvisionedTenant, is_over: Callable[[], bool]) -> None:
        """Note when results appear, until all are there."""
        async with databases.tenant(tenant.tenant_id).connection() as connection:
            while not (is_over() and len(self.waits) == len(self.due)):
                await asyncio.sleep(_LOOK_SECONDS)
                open_ids = [conversion_id for conversion_id in self.due if conversion_id not in self.waits]
                rows = await connection.fetch(_NEW, open_ids)
                now = time.perf_counter()
                for conversion_id, media_source in rows:
                    self.waits[conversion_id] = now - self.due[conversion_id]
                    self.sources[conversion_id] = media_source

    def wrong(self) -> int:
        """Count results that are not the click's."""
        return sum(
            source != f"source {(int(conversion_id.rpartition('-')[2]) + 1) % 10}"
            for conversion_id, source in self.sources.items()
        )

    def _request(self, kind: str, index: int, fields: dict[str, str]) -> bytes:
        event = {
            "event_id": f"{self._name}-{kind}-{index}",
            "event_type": kind,
            "event_time": now_text(),
            "app_id": "bench",
            "device_id": f"{self._name}-{index}",
        }
        body = orjson.dumps(event | fields, option=orjson.OPT_APPEND_NEWLINE)
        return self._head(len(body)) + body


async def measure(stack: Stack, tenant: ProvisionedTenant, rate: int, seconds: float) -> Figures:
    """Click and install for a while, then wait for the last result."""
    run, ports = Run(tenant, rate), stack.settings.ports
    clicks, installs = (
        OpenLoop((ports.host, ports.tenant), make, httpx.codes.ACCEPTED) for make in (run.click, run.install)
    )
    databases = Databases(stack.backends, stack.settings.postgres)
    is_over = asyncio.Event()
    watching = asyncio.create_task(run.watch(databases, tenant, is_over.is_set))
    clicking = asyncio.create_task(clicks.run(rate, seconds))
    await asyncio.sleep(CLICK_AHEAD_SECONDS)
    run.started = time.perf_counter()
    await installs.run(rate, seconds)
    await clicking
    is_over.set()
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await watching
    await databases.close()
    waits = statistics.quantiles(run.waits.values(), n=100)
    return Figures(
        rate,
        len(run.waits),
        clicks.refused + installs.refused,
        run.wrong(),
        installs.percentile_ms(99),
        waits[49],
        waits[94],
        waits[98],
        max(run.waits.values()),
    )


async def measure_warm(stack: Stack, rate: int, seconds: float) -> Figures:
    """Measure after a run that is not counted: it starts the tenant's actor and opens the connections."""
    tenant = await make_tenant(stack)
    await measure(stack, tenant, rate, 3.0)
    return await measure(stack, tenant, rate, seconds)


def print_figures(figures: Figures) -> None:
    """Say what was measured."""
    colour = "green" if figures.p99 < GOAL_P99_SECONDS else "red"
    console.print(
        f"{figures.installs} installs at {figures.installs_per_second}/s, each after its click; {figures.refused} "
        f"refused, {figures.wrong} wrong. Result readable after p50 {figures.p50:.2f} s, p95 {figures.p95:.2f} s, "
        f"[{colour}]p99 {figures.p99:.2f} s[/] (goal {GOAL_P99_SECONDS:g}), longest {figures.longest:.2f} s; "
        f"acknowledged within {figures.acknowledged_p99_ms:.0f} ms (p99)"
    )


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long (default 20)")
    parser.add_argument("--rate", type=int, default=200, help="installs per second, and as many clicks (default 200)")
    arguments = parser.parse_args()
    stack = Stack(Settings())
    if not stack.status():
        raise SystemExit("The stack is not up: run `make up` first.")
    figures = asyncio.run(measure_warm(stack, arguments.rate, arguments.seconds))
    print_figures(figures)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(asdict(figures), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
