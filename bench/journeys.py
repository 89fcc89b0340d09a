"""A million journeys from ClickHouse to the credits of all models, with and without intervals.

The journeys are made in a ClickHouse server of their own, in a folder that is deleted afterwards: people with touches
as `make bench-models` has them, of whom a fifth converts.
"""

import argparse
import asyncio
import json
import resource
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from attribution.model_spec import OF_JOURNEYS, Model, ModelSpec
from jobs.model_work import Columns, compute_models
from local.clickhouse_alone import clickhouse_alone
from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.settings import ClickHouseSettings
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.journey_reader import JourneyQuestion, JourneyReader
from storage.clickhouse.report_reader import Conversion
from storage.clickhouse.schema import ensure_tables
from storage.names import clickhouse_tables

RESULTS = Path(__file__).parent / "results" / "journeys.json"
GOAL_SECONDS = 10.0
JOURNEYS = 1_000_000
REPLICATES = 200
TENANT = TenantId("bench")
QUESTION = JourneyQuestion(
    datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), ("install",), conversion=Conversion("USD")
)
_PORTION = 100_000

_PEOPLE = """
SELECT
    number AS person,
    1 + toUInt32(floor(log((cityHash64(number, 'length') % 1000000 + 0.5) / 1000000) / log(0.75))) AS length,
    toDateTime64('2026-01-02 00:00:00', 3, 'UTC') + toIntervalSecond(cityHash64(number, 'end') % 1209600) AS end,
    range(length) AS places,
    arrayMap(place -> concat(toString(person), '-', toString(place)), places) AS ids,
    arrayMap(place -> end - toIntervalMinute(15 * (length - place)), places) AS times,
    arrayMap(place -> if((length - place) % 2 = 1, 'click', 'impression'), places) AS types,
    arrayMap(place -> concat('source ', toString(cityHash64(person, place) % 10)), places) AS sources
FROM numbers({first}, {count})
"""
_EVENTS = """
INSERT INTO {events} (event_id, event_type, event_time, received_at, device_id, app_id, media_source)
SELECT id, type, time, time, toString(person), 'app', source
FROM ({people}) ARRAY JOIN ids AS id, types AS type, times AS time, sources AS source
"""
_ATTRIBUTED = """
INSERT INTO {attributed} (
    conversion_id, revision, conversion_type, conversion_time, received_at, app_id, person_key, revenue, currency,
    touch_ids, touch_times, touch_types, touch_sources, touch_channels, touch_campaigns
)
SELECT
    concat('install ', toString(person)), 1, 'install', end, end, 'app', xxh3(concat('vendor_id:', toString(person))),
    2.5, 'USD', ids, times, types, sources, arrayMap(id -> '', ids), arrayMap(id -> '', ids)
FROM ({people}) WHERE cityHash64(person, 'converts') % 5 = 0
"""

console = Console()


@dataclass(frozen=True, slots=True)
class Stage:
    """Seconds of a part of the way, and the goal, if it has one."""

    name: str
    seconds: float
    goal: float | None = None


async def make_journeys(store: ClickHouse, journeys: int) -> None:
    """Fill the tenant's tables."""
    await ensure_tables(store, TENANT)
    tables = clickhouse_tables(TENANT)
    async with store.client() as client:
        # Nothing here looks touches up by their keys, nor counts activity.
        feeds = await client.query("SELECT name FROM system.tables WHERE engine = 'MaterializedView'")
        for (name,) in feeds.result_rows:
            await client.command(f"DROP VIEW unmogrow.{name}")
        for first in range(0, journeys, _PORTION):
            people = _PEOPLE.replace("{first}", str(first)).replace("{count}", str(min(_PORTION, journeys - first)))
            for statement in (_EVENTS, _ATTRIBUTED):
                await client.command(
                    statement.replace("{people}", people)
                    .replace("{events}", tables["events"])
                    .replace("{attributed}", tables["attributed"])
                )


async def read(reader: JourneyReader) -> tuple[Columns, list[Stage]]:
    """Read the journeys as the API does."""
    stages = []
    started = time.perf_counter()

    def passed(name: str) -> None:
        nonlocal started
        now = time.perf_counter()
        stages.append(Stage(name, now - started))
        started = now

    await reader.made(QUESTION)
    channels = await reader.channels(QUESTION)
    passed("ClickHouse: conversions and channels")
    folded = await reader.folded(QUESTION, channels)
    passed("ClickHouse: distinct paths")
    timed = await reader.timed(QUESTION, channels)
    passed("ClickHouse: converting journeys with ages")
    return Columns(channels, folded, timed), stages


def compute(columns: Columns, specs: list[ModelSpec]) -> tuple[float, int]:
    """Time the credits of some models; also give the number of distinct paths."""
    started = time.perf_counter()
    counts, results = compute_models(columns, specs, by_value=False)
    assert len(results) == len(specs)
    return time.perf_counter() - started, counts.paths


async def measure(journeys: int) -> list[Stage]:
    """Make journeys, read them and compute all models."""
    with tempfile.TemporaryDirectory() as folder, clickhouse_alone(Path(folder)) as url:
        store = ClickHouse(Backends("", 0, "", url, b""), ClickHouseSettings())
        await make_journeys(store, journeys)
        # The first question opens the connection, and imports what computes.
        await read(JourneyReader(store, TENANT))
        columns, stages = await read(JourneyReader(store, TENANT))
        await store.close()
    console.print(f"{(len(columns.folded) + len(columns.timed or b'')) / 1e6:.1f} MB travel")
    without = [ModelSpec(model, replicates=0) for model in OF_JOURNEYS]
    compute(columns, without[:1])
    seconds, paths = compute(columns, without)
    console.print(f"{journeys:,} journeys in {paths:,} distinct paths")
    stages.append(Stage("credits of all models, no intervals", seconds))
    stages.append(Stage("from ClickHouse to credits, all models", sum(each.seconds for each in stages), GOAL_SECONDS))
    for models in (OF_JOURNEYS, [Model.MARKOV], [Model.SHAPLEY]):
        name = "all models" if len(models) > 1 else models[0].value
        specs = [replace(spec, replicates=REPLICATES) for spec in without if spec.model in models]
        stages.append(Stage(f"credits with {REPLICATES} replicates: {name}", compute(columns, specs)[0]))
    return stages


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journeys", type=int, default=JOURNEYS, help="how many (default a million)")
    stages = asyncio.run(measure(parser.parse_args().journeys))
    table = Table("stage", "seconds", "goal")
    for stage in stages:
        table.add_row(stage.name, f"{stage.seconds:.2f}", "" if stage.goal is None else f"{stage.goal:g}")
    console.print(table)
    console.print(f"most memory here: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(stage) for stage in stages], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
