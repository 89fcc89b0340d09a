"""What an event costs when replicas and hosts are spread over 1, 2 and 4 raylets, each time on a stack of its own.

All raylets are on this machine and share its cores: more of them take no more events here. What is measured is what it
costs that parts of the work are on different nodes, and what a node takes by itself.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from bench.depth import BODY_EVENTS, load_tenant, make_tenants
from bench.tenants import cpu_by_part
from local import ray_cluster
from local.free_ports import free_block
from local.stack import Stack
from local.supervision import Program
from schemas.settings import ActorSettings, ServeSettings, Settings

RESULTS = Path(__file__).parent / "results" / "raylets.json"

_TENANTS = 8
_CONNECTIONS_EACH = 2
_SETTLE_SECONDS = 10.0
_JOIN_SECONDS = 60.0
_MB = 1e6

console = Console(width=max(Console().width, 130))


_HELD = {
    "hosts": "ray::TenantHost",
    "planes": "ray::ServeReplica:tenant:",
    "pool": "ray::ServeReplica:attribution:",
    "others": "ray::ServeReplica:",
}
"""What a raylet holds, by how its processes' titles begin; the last one is what no other has counted."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What came of so many raylets: what each held, what an event cost by part, and what a raylet takes."""

    raylets: int
    held: list[dict[str, int]]
    events_per_second: float
    refused: int
    cpu_seconds_per_million: dict[str, float]
    raylet_bytes: list[int]


class RayletsStack(Stack):
    """The stack, with further raylets beside the head's, and as many hosts and replicas of the plane as raylets."""

    raylets = 1

    def programs(self) -> list[Program]:
        """Start the further raylets, which wait for the head."""
        environment = ray_cluster.environment(self.settings, self.places)
        further = [
            Program(f"raylet{number}", self._raylet(joined), environment, stop_signal="KILL")
            for number, joined in enumerate(self._joined(), 1)
        ]
        return [*super().programs(), *further]

    def _raylet(self, joined: Path) -> list[str]:
        ports, store_bytes = self.settings.ports, self.settings.memory.object_store_bytes
        return [sys.executable, "-m", "bench.raylet", ports.host, str(ports.ray), str(store_bytes), str(joined)]

    def _joined(self) -> list[Path]:
        return [self.places.run / f"raylet{number}.joined" for number in range(1, self.raylets)]

    async def until_joined(self) -> None:
        """Wait until the cluster knows all raylets: what is deployed before that is placed on the head's alone."""
        async with asyncio.timeout(_JOIN_SECONDS):
            while not all(each.exists() for each in self._joined()):  # noqa: ASYNC110 - files tell nobody
                await asyncio.sleep(0.2)

    def processes_of_raylets(self) -> list[tuple[psutil.Process, list[psutil.Process]]]:
        """List the raylets, each with what it has started."""
        raylets = [each for each in self.supervisor.processes() if each.name() == "raylet"]
        return [(each, each.children(recursive=True)) for each in raylets]


def _title(process: psutil.Process) -> str:
    return " ".join(process.cmdline())


def _held(started: Sequence[psutil.Process]) -> dict[str, int]:
    """Count what a raylet holds of each kind."""
    kinds = [next((kind for kind, title in _HELD.items() if _title(each).startswith(title)), "") for each in started]
    return {kind: kinds.count(kind) for kind in _HELD}


def _own_bytes(raylet: psutil.Process, started: Sequence[psutil.Process]) -> int:
    """Measure a raylet and Ray's agents beside it: what a node takes without any work."""
    agents = [each for each in started if "Agent" in _title(each)]
    return sum(each.memory_full_info().pss for each in (raylet, *agents))


async def _measure(stack: RayletsStack, seconds: float) -> Spread:
    tenants = await make_tenants(stack, _TENANTS)
    await asyncio.gather(*(load_tenant(stack, each, _CONNECTIONS_EACH, 2.0) for each in tenants))
    began = cpu_by_part(stack)
    results = await asyncio.gather(*(load_tenant(stack, each, _CONNECTIONS_EACH, seconds) for each in tenants))
    # What was taken is stored and attributed by then.
    await asyncio.sleep(_SETTLE_SECONDS)
    events = sum(each.acknowledged_events for each in results)
    parts = stack.processes_of_raylets()
    return Spread(
        stack.raylets,
        [_held(started) for _, started in parts],
        events / max(each.seconds for each in results),
        sum(each.refused for each in results),
        {part: (spent - began.get(part, 0.0)) / events * 1e6 for part, spent in cpu_by_part(stack).items()},
        [_own_bytes(*each) for each in parts],
    )


def _print(found: Sequence[Spread]) -> None:
    parts = sorted({part for each in found for part in each.cpu_seconds_per_million})
    table = Table(title=f"{_TENANTS} tenants, bodies of {BODY_EVENTS}: seconds of a core for a million events, by part")
    for name in ("raylets", "events/s", "refused", *parts, "all", "a raylet, MB"):
        table.add_column(name, justify="right")
    for each in found:
        seconds = [each.cpu_seconds_per_million.get(part, 0.0) for part in parts]
        table.add_row(
            str(each.raylets),
            f"{each.events_per_second:,.0f}",
            str(each.refused),
            *(f"{figure:.1f}" for figure in (*seconds, sum(seconds))),
            f"{sum(each.raylet_bytes) / len(each.raylet_bytes) / _MB:.0f}",
        )
    console.print(table)
    for each in found:
        for number, held in enumerate(each.held, 1):
            what = ", ".join(f"{count} {kind}" for kind, count in held.items())
            console.print(f"raylet {number} of {each.raylets} held {what}")


def _run(raylets: int, seconds: float) -> Spread:
    folder = Path(tempfile.mkdtemp(prefix="raylets-"))
    spread = {"replicas_min": raylets, "replicas_max": raylets}
    settings = Settings(
        data_dir=folder / "data", ports=free_block(), actor=ActorSettings(hosts=raylets), serve=ServeSettings(**spread)
    )
    stack = RayletsStack(settings)
    stack.raylets = raylets

    async def measured() -> Spread:
        await stack.up(console.print)
        await stack.until_joined()
        await stack.prepare(console.print)
        return await _measure(stack, seconds)

    try:
        return asyncio.run(measured())
    finally:
        stack.destroy()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raylets", type=int, nargs="+", default=[1, 2, 4], help="how many, one after another")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each is loaded (default 10)")
    arguments = parser.parse_args()
    found = [_run(count, arguments.seconds) for count in arguments.raylets]
    _print(found)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(each) for each in found], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
