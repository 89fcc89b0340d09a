"""Computing over journeys as Ray tasks: away from every event loop, and ended for good when it takes too long.

A task gets columns as bytes and holds no credentials. It is nice to whoever else uses the machine: events and results
go first, however large a question is. Models are imported in the task alone: the plane that asks needs none of them.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from attribution import journey_views
from attribution.journey_columns import folded_journeys, timed_journeys
from attribution.journeys import Journeys
from attribution.model_spec import Model, ModelResult, ModelSpec

_NICENESS = 10

ONE_BY_ONE = frozenset({Model.TIME_DECAY, Model.DATA_DRIVEN})
"""Models that tell journeys of one path apart."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Columns:
    """Journeys as the event store answers them: distinct paths, and (where ages are needed) each converting journey."""

    channels: tuple[str, ...]
    folded: bytes
    timed: bytes | None


@dataclass(frozen=True, slots=True)
class JourneyCounts:
    """How many journeys converted, how many did not, and in how many distinct paths."""

    conversions: float
    nulls: float
    paths: int


@dataclass(frozen=True, slots=True)
class JourneyViews:
    """Everything that `attribution/journey_views.py` sees."""

    paths: list[journey_views.PathCount]
    links: list[journey_views.Link]
    lengths: list[journey_views.LengthCount]
    lags: list[journey_views.LagCount]
    assists: list[journey_views.Assists]


def compute_models(
    columns: Columns, specs: Sequence[ModelSpec], *, by_value: bool
) -> tuple[JourneyCounts, list[ModelResult]]:
    """Share conversions, or with `by_value` what they were worth, out by each model.

    Some read the journeys one by one, whose ages or learned credits differ. All others read distinct paths.

    Raises:
        ValueError: a parameter is out of its range, or a chain has too many states.
    """
    from attribution.models import credit_all  # noqa: PLC0415

    def compute() -> tuple[JourneyCounts, list[ModelResult]]:
        journeys = folded_journeys(columns.folded, columns.channels)
        one_by_one = [spec for spec in specs if spec.model in ONE_BY_ONE]
        others = [spec for spec in specs if spec.model not in ONE_BY_ONE]
        results = credit_all(journeys, others, by_value=by_value)
        if one_by_one:
            assert columns.timed is not None, "ages and learned credits are each journey's own"
            timed = timed_journeys(columns.timed, columns.channels)
            results += credit_all(timed, one_by_one, by_value=by_value)
        by_spec = {result.spec: result for result in results}
        return _counts(journeys), [by_spec[spec] for spec in specs]

    return _nicely(compute)


def compute_views(columns: Columns, *, paths_max: int, steps: int) -> tuple[JourneyCounts, JourneyViews]:
    """See what can be seen of journeys without a model."""

    def compute() -> tuple[JourneyCounts, JourneyViews]:
        assert columns.timed is not None, "time lags need ages"
        journeys = folded_journeys(columns.folded, columns.channels)
        return _counts(journeys), JourneyViews(
            journey_views.top_paths(journeys, paths_max),
            journey_views.flow(journeys, steps),
            journey_views.length_counts(journeys),
            journey_views.lag_counts(timed_journeys(columns.timed, columns.channels)),
            journey_views.assists(journeys),
        )

    return _nicely(compute)


def _counts(journeys: Journeys) -> JourneyCounts:
    return JourneyCounts(float(journeys.conversions.sum()), float(journeys.nulls.sum()), len(journeys.lengths))


def _nicely(work: Callable[[], Result]) -> Result:
    # Niceness is a thread's own and cannot be taken back: Ray uses the process again.
    with ThreadPoolExecutor(1, initializer=os.nice, initargs=(_NICENESS,)) as thread:
        return thread.submit(work).result()
