"""Evaluations that calls of several tenants share."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from actors.crediting import credits_of
from actors.evaluations import Evaluations, EvaluationStuckError
from actors.model_shelf import LoadedModel
from attribution.journeys import Floats
from attribution.learned_credits import CallJourneys
from attribution.ml.journey_table import JourneyTable
from schemas.ids import TenantId

pytestmark = pytest.mark.anyio


def table(*lengths: int, channel: str = "mail") -> JourneyTable:
    """Make journeys of so many touches each, all of one channel."""
    touches, journeys = sum(lengths), len(lengths)
    return JourneyTable(
        channels=(channel,),
        touches=np.zeros(touches, np.int64),
        starts=np.cumsum([0, *lengths]),
        times=np.arange(touches, dtype=np.float64),
        is_click=np.ones(touches, np.bool_),
        platforms=(),
        platform=np.full(journeys, -1),
        countries=(),
        country=np.full(journeys, -1),
        converted=np.ones(journeys, np.bool_),
        weights=np.ones(journeys),
    )


def call(*lengths: int, channel: str = "mail") -> CallJourneys:
    """Make a call with such journeys."""
    return CallJourneys({str(place): () for place in range(len(lengths))}, table(*lengths, channel=channel))


class Equal:
    """A model that shares equally, notes what it was asked, waits as long as it is told to, and fails on a channel."""

    def __init__(self) -> None:
        self.journeys: list[int] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def credits(self, table: JourneyTable) -> Floats:
        """Share equally, when it may go on."""
        self.journeys.append(len(table))
        self.go_on.wait(5)
        if "poison" in table.channels:
            raise ValueError("poison")
        shares: Floats = (1.0 / table.lengths)[table.owners]
        return shares


async def test_what_waits_together_is_evaluated_together() -> None:
    """Of those that ask while a first evaluation runs, two with one model share the next; each has its own touches."""
    model, other = Equal(), Equal()
    evaluations = Evaluations(credits_of, ThreadPoolExecutor(1), 5.0)
    model.go_on.clear()
    first = asyncio.create_task(evaluations.of(TenantId("a"), LoadedModel("m", model), call(1)))
    await asyncio.sleep(0.05)
    loaded = LoadedModel("m", model)
    asked = [
        evaluations.of(TenantId("b"), loaded, call(2)),
        evaluations.of(TenantId("c"), LoadedModel("o", other), call(4)),
    ]
    asked += [
        evaluations.of(TenantId("d"), loaded, call(5, 1, channel="tv")),
        evaluations.of(TenantId("b"), loaded, call(3)),
    ]
    waiting = [asyncio.create_task(each) for each in asked]
    await asyncio.sleep(0.05)
    model.go_on.set()
    found = [each.tolist() for each in await asyncio.gather(first, *waiting)]
    assert found == [[1.0], [0.5] * 2, [0.25] * 4, [0.2] * 5 + [1.0], pytest.approx([1 / 3] * 3)]
    # b and d together, then c with its own model, then what b asked second.
    assert (model.journeys, other.journeys) == ([1, 3, 1], [1])


async def test_one_on_which_the_model_fails_takes_no_other_along() -> None:
    """Evaluated together they fail; alone only the one at fault does."""
    model = Equal()
    loaded, evaluations = LoadedModel("m", model), Evaluations(credits_of, ThreadPoolExecutor(1), 5.0)
    model.go_on.clear()
    first = asyncio.create_task(evaluations.of(TenantId("a"), loaded, call(1)))
    await asyncio.sleep(0.05)
    bad = asyncio.create_task(evaluations.of(TenantId("b"), loaded, call(1, channel="poison")))
    good = asyncio.create_task(evaluations.of(TenantId("c"), loaded, call(2)))
    await asyncio.sleep(0.05)
    model.go_on.set()
    with pytest.raises(ValueError, match="poison"):
        await bad
    assert (await good).tolist() == [0.5, 0.5]
    assert (await first).tolist() == [1.0]


async def test_one_that_does_not_end_is_noticed() -> None:
    """Whoever asks while it runs past its time is refused at once; past ten times that, the process is to go."""
    model = Equal()
    loaded, evaluations = LoadedModel("m", model), Evaluations(credits_of, ThreadPoolExecutor(1), 0.02)
    model.go_on.clear()
    first = asyncio.create_task(evaluations.of(TenantId("a"), loaded, call(1)))
    await asyncio.sleep(0.1)
    with pytest.raises(TimeoutError):
        await evaluations.of(TenantId("b"), loaded, call(1))
    await asyncio.sleep(0.15)
    with pytest.raises(EvaluationStuckError):
        evaluations.check()
    model.go_on.set()
    with pytest.raises(Exception, match="did not end"):
        await first
    evaluations.check()
