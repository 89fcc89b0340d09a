"""A million journeys to a trained conversion model, its credits, and how near they come to the planted truth.

Each part runs in a process of its own, so that the memory it says is its own. What a training takes is measured on one
core; so is scoring, which `conversions a second per core` means.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from attribution.journeys import Floats
from attribution.ml.anomaly import AnomalyModel
from attribution.ml.anomaly_training import train_anomaly
from attribution.ml.artifacts import dump, load
from attribution.ml.conversion import ConversionModel
from attribution.ml.conversion_training import train_conversion
from attribution.ml.journey_table import JourneyTable
from attribution.ml.pltv import PltvModel
from attribution.ml.pltv_training import train_pltv
from bench.planted_installs import planted_facts, planted_installs
from bench.planted_journeys import last_touch_credit, planted_journeys, shares
from schemas.learning import MetricValue

RESULTS = Path(__file__).parent / "results" / "learning.json"
JOURNEYS, INSTALLS = 1_000_000, 200_000
GOAL_MEMORY_MB = 4_096.0
SEED = 0
_SCORED = 100_000
_CASES = 200

console = Console()


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured number with its unit, and the goal, if it has one."""

    name: str
    value: float
    unit: str
    goal: str = ""


def memory_mb() -> float:
    """Give the most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Give the seconds that a work took by the clock, and on its core."""
    wall, core = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - core


def holdout(metrics: tuple[MetricValue, ...], names: dict[tuple[str, str], str]) -> list[Figure]:
    """Name some of the measures on the holdout."""
    found = {(each.metric, each.subject): each.estimate for each in metrics if each.split == "holdout"}
    return [
        Figure(f"{name} ({found[key].low:.4f} to {found[key].high:.4f})", found[key].value, "")
        for key, name in names.items()
    ]


def conversion(rows: int, artifact: Path) -> list[Figure]:
    """Train on a million journeys; leave the model for scoring."""
    planted = planted_journeys(rows, SEED)
    before = memory_mb()
    started, on_core = time.perf_counter(), time.process_time()
    trained = train_conversion(planted.table, seed=SEED)
    seconds, core_seconds = time.perf_counter() - started, time.process_time() - on_core
    artifact.write_bytes(dump(trained.model))
    return [
        Figure(f"training on {rows:,} journeys", seconds, "s"),
        Figure("training, of a core", core_seconds, "s"),
        Figure("memory of the journeys alone", before, "MB"),
        Figure("most memory of the training", memory_mb(), "MB", f"< {GOAL_MEMORY_MB:g}"),
        Figure("artifact", artifact.stat().st_size / 1e6, "MB"),
        *holdout(
            trained.metrics,
            {
                ("log_loss", "model"): "log-loss",
                ("log_loss", "logistic"): "log-loss of the logistic one",
                ("log_loss", "last_touch"): "log-loss of last touch",
                ("auc", "model"): "AUC",
                ("calibration_error", "model"): "calibration error",
            },
        ),
    ]


def scoring(rows: int, artifact: Path) -> list[Figure]:
    """Read the model, score journeys, give credits, and compare these with the truth."""
    planted = planted_journeys(rows, SEED + 1)
    model = load(artifact.read_bytes())
    assert isinstance(model, ConversionModel)
    table = planted.table.select(np.arange(min(rows, _SCORED)))
    converting = planted.table.select(planted.table.converted)
    some = converting.select(np.arange(min(len(converting), _SCORED)))
    _, scored = timed(lambda: model.probability(table))
    credit: list[Floats] = []
    _, credited = timed(lambda: credit.append(model.credits(some)))
    cases = [some.select(np.array([place])) for place in range(_CASES)]
    _, alone = timed(lambda: [model.credits(case) for case in cases])
    reading, _ = timed(lambda: load(artifact.read_bytes()))
    return [
        Figure("journeys scored on a core", len(table) / scored, "/s"),
        Figure("conversions credited on a core", len(some) / credited, "/s"),
        Figure("touches credited on a core", len(some.touches) / credited, "/s"),
        Figure("one conversion alone", alone / _CASES * 1e3, "ms"),
        Figure("reading the artifact", reading * 1e3, "ms"),
        Figure("most memory of scoring", memory_mb(), "MB"),
        *errors(some, credit[0], planted.shares),
    ]


def errors(table: JourneyTable, credit: Floats, truth: dict[str, float]) -> list[Figure]:
    """Say how far the shares of channels are from the truth: those of the model, and those of last touch."""
    made = {"credits": shares(table, credit), "last touch": shares(table, last_touch_credit(table))}
    worst = {name: max(abs(found[each] - truth[each]) for each in truth) for name, found in made.items()}
    return [Figure(f"greatest error of a channel's share: {name}", error, "") for name, error in worst.items()]


def pltv(rows: int, artifact: Path) -> list[Figure]:
    """Train on installs, and foretell."""
    planted = planted_installs(rows, SEED)
    started = time.process_time()
    trained = train_pltv(planted.table, seed=SEED)
    seconds = time.process_time() - started
    artifact.write_bytes(dump(trained.model))
    model = trained.model
    assert isinstance(model, PltvModel)
    _, foretold = timed(lambda: model.predict(planted.table))
    names = {("total_ratio", "model"): "foretold over actual", ("total_ratio", "mean_by_source"): "of mean by source"}
    return [
        Figure(f"pLTV: training on {rows:,} installs, of a core", seconds, "s"),
        Figure("pLTV: installs foretold on a core", rows / foretold, "/s"),
        Figure("pLTV: most memory", memory_mb(), "MB"),
        *holdout(trained.metrics, names),
        *holdout(trained.metrics, {("coverage", "model"): "inside the band"}),
    ]


def anomaly(rows: int, artifact: Path) -> list[Figure]:
    """Train on installs of which a few were bought, and score."""
    facts = planted_facts(rows, SEED, bought_share=0.005)
    started = time.process_time()
    trained = train_anomaly(facts, seed=SEED)
    seconds = time.process_time() - started
    artifact.write_bytes(dump(trained.model))
    model = trained.model
    assert isinstance(model, AnomalyModel)
    _, scored = timed(lambda: model.score(facts))
    return [
        Figure(f"anomaly: training on {rows:,} installs, of a core", seconds, "s"),
        Figure("anomaly: installs scored on a core", rows / scored, "/s"),
        *holdout(
            trained.metrics,
            {("auc", "model"): "bought above genuine", ("suspect_share", "model"): "genuine that are suspect"},
        ),
    ]


PARTS: dict[str, Callable[[int, Path], list[Figure]]] = {
    "conversion": conversion,
    "scoring": scoring,
    "pltv": pltv,
    "anomaly": anomaly,
}


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journeys", type=int, default=JOURNEYS, help="how many (default a million)")
    parser.add_argument("--installs", type=int, default=INSTALLS, help="how many (default 200,000)")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sizes = {"conversion": arguments.journeys, "scoring": arguments.journeys // 2}
    if arguments.part:
        of = "journeys.skops" if arguments.part in sizes else f"{arguments.part}.skops"
        figures = PARTS[arguments.part](sizes.get(arguments.part, arguments.installs), arguments.folder / of)
        sys.stdout.write(json.dumps([asdict(figure) for figure in figures]))
        return
    measured: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            command = [sys.executable, "-m", "bench.learning", "--part", part, "--folder", folder]
            command += ["--journeys", str(arguments.journeys), "--installs", str(arguments.installs)]
            measured += [Figure(**each) for each in json.loads(subprocess.run(command, check=True, stdout=-1).stdout)]
    table = Table("figure", "value", "goal")
    for figure in measured:
        table.add_row(figure.name, f"{figure.value:,.4g} {figure.unit}", figure.goal)
    console.print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(figure) for figure in measured], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
