"""Multi-touch models against the packages that people use for them, in one process over the same journeys.

Our side starts from columns, as ClickHouse returns them; the others from the data frame of path strings that they take.
"""

import io
import json
import statistics
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from ChannelAttribution import markov_model
from do_attribution import MarkovAttribution, ShapleyAttribution
from rich.console import Console
from rich.table import Table

from attribution.journeys import Journeys
from attribution.model_spec import OF_JOURNEYS, Model, ModelSpec
from attribution.models import credit

RESULTS = Path(__file__).parent / "results" / "models.json"
JOURNEYS = 100_000
CHANNELS = 10
MEAN_TOUCHES = 4
CONVERSION_RATE = 0.2
SEED = 20_260_101
RUNS = 5

console = Console()


@dataclass(frozen=True, slots=True)
class Figure:
    """Median seconds of a few runs; `ratio` to ours of the same model, `goal` the ratio to reach."""

    who: str
    model: str
    seconds: float
    ratio: float
    goal: float | None


def made_journeys() -> Journeys:
    """Make seeded journeys: a channel more often follows itself, and some convert better than others."""
    random = np.random.default_rng(SEED)
    lengths = random.geometric(1 / MEAN_TOUCHES, JOURNEYS)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    touches = random.integers(0, CHANNELS, starts[-1])
    follows = random.random(starts[-1]) < 0.3
    follows[starts[:-1]] = False
    touches[follows] = touches[np.flatnonzero(follows) - 1]
    appeal = np.linspace(0.5, 1.5, CHANNELS)[touches[starts[1:] - 1]]
    converts = random.random(JOURNEYS) < CONVERSION_RATE * appeal
    ends = np.repeat(starts[1:], lengths)
    return Journeys(
        channels=tuple(f"channel {number}" for number in range(CHANNELS)),
        touches=touches,
        starts=starts,
        conversions=converts.astype(np.float64),
        nulls=(~converts).astype(np.float64),
        values=converts * 10.0,
        ages=(ends - 1 - np.arange(starts[-1])).astype(np.float64),
        leads=np.full(JOURNEYS, -1),
    )


def framed(journeys: Journeys) -> pd.DataFrame:
    """Write the journeys as path strings."""
    names = np.array(journeys.channels)[journeys.touches]
    paths = [" > ".join(part) for part in np.split(names, journeys.starts[1:-1])]
    return pd.DataFrame(
        {"path": paths, "conversions": journeys.conversions.astype(int), "nulls": journeys.nulls.astype(int)}
    )


def seconds_of(work: Callable[[], object], runs: int = RUNS) -> float:
    """Time some work: the median of a few runs, after one that warms up."""
    times = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        with redirect_stdout(io.StringIO()):
            work()
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def measured() -> list[Figure]:
    """Time ours and theirs."""
    journeys = made_journeys()
    frame = framed(journeys)
    paths, conversions = frame["path"].to_numpy(), frame["conversions"].to_numpy()

    def ours(model: Model) -> Callable[[], object]:
        # A fresh object each time: what it caches is part of the work.
        return lambda: credit(replace(journeys), ModelSpec(model, replicates=0))

    own = {model: seconds_of(ours(model)) for model in OF_JOURNEYS}
    theirs: list[tuple[str, Model, float, float | None]] = [
        (
            "ChannelAttribution (simulated)",
            Model.MARKOV,
            seconds_of(
                lambda: markov_model(
                    frame, "path", "conversions", var_null="nulls", verbose=False, flg_pro=False, seed=SEED
                )
            ),
            5,
        ),
        ("do-attribution", Model.MARKOV, seconds_of(lambda: MarkovAttribution().fit(paths, conversions), 1), 100),
        (
            "do-attribution, redirect_to_null",
            Model.MARKOV,
            seconds_of(lambda: MarkovAttribution(removal_strategy="redirect_to_null").fit(paths, conversions), 1),
            None,
        ),
        ("do-attribution", Model.SHAPLEY, seconds_of(lambda: ShapleyAttribution().fit(paths, conversions), 1), 20),
    ]
    figures = [Figure("ours", model.value, seconds, 1.0, None) for model, seconds in own.items()]
    return figures + [Figure(who, model.value, took, took / own[model], goal) for who, model, took, goal in theirs]


def main() -> None:
    """Measure, print a table, write JSON."""
    console.print(f"{JOURNEYS:,} journeys over {CHANNELS} channels, {MEAN_TOUCHES} touches on average")
    figures = measured()
    table = Table("who", "model", "seconds", "times ours", "goal")
    for figure in figures:
        goal = "" if figure.goal is None else f"{figure.goal:g}"
        table.add_row(figure.who, figure.model, f"{figure.seconds:.4f}", f"{figure.ratio:.1f}", goal)
    console.print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
