"""Conversions that a replica of the attribution pool decides a second, with and without a learned model; nothing runs.

It calls the replica as Serve does, but in its own process: what is measured is what a core does, not how calls travel.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from actors.attribution_pool import AttributionPool
from actors.champion_calls import Champion, Standing
from actors.pool_calls import pack_cases, pack_policy, portions, unpack_answers
from attribution.ml.artifacts import dump
from attribution.ml.conversion_training import train_conversion
from attribution.ml.journey_table import JourneyTable
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_settings import LearningSettings
from schemas.policy import Policy
from schemas.results import ResultRecord
from schemas.settings import PoolSettings
from schemas.touchpoints import Conversion, ConversionCase, MatchType, Touchpoint, TouchType

RESULTS = Path(__file__).parent / "results" / "pool.json"
GOAL_PER_CORE_SECOND = 3_000
"""With a model, in calls of a thousand: three times what 100,000 events a second bring."""

_MODEL = "conversion-bench"
_JOURNEYS = 50_000
_SOURCES = tuple(f"source_{place}" for place in range(8))
_TOUCHES_MAX = 6
_SECONDS = 5.0
_AT = datetime(2026, 11, 1, tzinfo=UTC)

console = Console()


@dataclass(frozen=True, slots=True)
class Figure:
    """One way of calling: conversions a second, CPU of one, and of how many calls at once of how many conversions."""

    model: bool
    calls_at_once: int
    conversions_a_call: int
    per_second: float
    cpu_microseconds: float

    @property
    def per_core_second(self) -> float:
        """What one core does in a second, whatever else the machine does."""
        return 1e6 / self.cpu_microseconds


class _Kept:
    """One global champion, or none."""

    def __init__(self, artifact: bytes | None) -> None:
        self._artifact = artifact

    async def current(self, known_version: str, _stood_in: Mapping[str, str | None]) -> Standing | None:
        """Say who counts."""
        champions = (Champion(LearnedKind.CONVERSION, None, _MODEL),) if self._artifact else ()
        return None if known_version else Standing("1", champions)

    async def artifact(self, model_id: str) -> bytes:
        """Give its artifact."""
        assert model_id == _MODEL
        assert self._artifact
        return self._artifact


def made_journeys() -> JourneyTable:
    """Make seeded journeys; how many touches of the later sources one has decides what it leads to."""
    dice = np.random.default_rng(0)
    starts = np.cumsum([0, *dice.integers(1, _TOUCHES_MAX + 1, _JOURNEYS)])
    touches = dice.integers(0, len(_SOURCES), starts[-1])
    owners = np.repeat(np.arange(_JOURNEYS), np.diff(starts))
    times = np.sort(dice.uniform(0, 90, _JOURNEYS))[owners] * 86_400 + np.arange(starts[-1])
    strength = np.add.reduceat(np.linspace(-0.5, 0.8, len(_SOURCES))[touches], starts[:-1])
    return JourneyTable(
        channels=_SOURCES,
        touches=touches,
        starts=starts,
        times=times,
        is_click=dice.random(len(touches)) < 0.3,
        platforms=("android", "ios"),
        platform=dice.integers(0, 2, _JOURNEYS),
        countries=("DE", "FR", "US"),
        country=dice.integers(0, 3, _JOURNEYS),
        converted=dice.random(_JOURNEYS) < 1 / (1 + np.exp(1.5 - strength)),
        weights=np.ones(_JOURNEYS),
    )


def made_cases(count: int) -> list[ConversionCase]:
    """Make installs with one to six touches each, all of them valid."""
    dice = np.random.default_rng(1)
    return [_case(dice, place) for place in range(count)]


def _case(dice: np.random.Generator, place: int) -> ConversionCase:
    touches = tuple(
        Touchpoint(
            touch_id=f"touch-{place}-{number}",
            touch_type=TouchType.CLICK if dice.random() < 0.3 else TouchType.IMPRESSION,
            touch_time=_AT - timedelta(minutes=20 * (number + 1)),
            received_at=_AT,
            found_by=(MatchType.ADVERTISING_ID,),
            app_id="app",
            media_source=_SOURCES[int(dice.integers(0, len(_SOURCES)))],
            campaign="campaign",
            platform="ios",
            country="DE",
        )
        for number in range(int(dice.integers(1, _TOUCHES_MAX + 1)))
    )
    return ConversionCase(Conversion(f"install-{place}", "install", _AT, "app"), touches)


async def measure(pool: AttributionPool, *, has_model: bool, calls_at_once: int, conversions: int) -> Figure:
    """Call for some seconds, each caller for a tenant of its own."""
    packed = [pack_cases(portion) for portion in portions(made_cases(conversions))]
    policy = pack_policy(Policy())
    done = 0
    began, cpu = time.perf_counter(), time.process_time()

    async def call(tenant_id: TenantId) -> None:
        nonlocal done
        while time.perf_counter() - began < _SECONDS:
            answered = await pool.decide(tenant_id, packed, policy)
            done += conversions
        last = unpack_answers(answered[-1])[-1]
        assert isinstance(last, ResultRecord)
        assert last.model_version.endswith(_MODEL) == has_model, last.document

    await asyncio.gather(*(call(TenantId(f"t{secrets.token_hex(4)}")) for _ in range(calls_at_once)))
    took = time.perf_counter() - began
    return Figure(has_model, calls_at_once, conversions, done / took, (time.process_time() - cpu) / done * 1e6)


async def measured() -> tuple[list[Figure], int]:
    """Measure all ways; give also how many bytes the model takes."""
    figures = []
    artifact = await asyncio.to_thread(lambda: dump(train_conversion(made_journeys(), seed=0).model))
    for has_model in (False, True):
        pool = AttributionPool(_Kept(artifact if has_model else None), PoolSettings(), LearningSettings())
        for calls_at_once, conversions in ((1, 1_000), (1, 50), (1, 1), (32, 1)):
            figures.append(
                await measure(pool, has_model=has_model, calls_at_once=calls_at_once, conversions=conversions)
            )
    return figures, len(artifact)


def main() -> None:
    """Measure, print a table, write JSON, and fail below the goal."""
    figures, artifact_bytes = asyncio.run(measured())
    table = Table("model", "calls at once", "conversions a call", "conversions/s", "CPU of one, µs", "a core/s")
    for each in figures:
        table.add_row(
            "yes" if each.model else "no",
            str(each.calls_at_once),
            f"{each.conversions_a_call:,}",
            f"{each.per_second:,.0f}",
            f"{each.cpu_microseconds:,.0f}",
            f"{each.per_core_second:,.0f}",
        )
    console.print(table)
    console.print(f"The model's artifact has {artifact_bytes / 1e6:.1f} MB.")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(each) for each in figures], indent=2) + "\n", encoding="utf-8")
    large = next(each for each in figures if each.model and each.conversions_a_call == 1_000)
    if large.per_core_second < GOAL_PER_CORE_SECOND:
        raise SystemExit(f"{large.per_core_second:,.0f} conversions/s a core: the goal is {GOAL_PER_CORE_SECOND:,}.")


if __name__ == "__main__":
    main()
