"""Turns and kept answers of models, without anything that computes."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from schemas.ids import TenantId
from schemas.model_problems import ModelsBusy
from schemas.settings import ModelSettings
from serve_apps.model_runs import ModelRuns

pytestmark = pytest.mark.anyio

ONE, TWO, THREE = map(TenantId, ("t1", "t2", "t3"))


class Work:
    """Computations that last until they are let go."""

    def __init__(self) -> None:
        self.running: list[str] = []
        self.done: list[str] = []
        self._may_end = asyncio.Event()

    def of(self, name: str) -> Callable[[], Awaitable[str]]:
        """One that answers with its name."""

        async def compute() -> str:
            self.running.append(name)
            await self._may_end.wait()
            self.done.append(name)
            return name

        return compute

    def let_go(self) -> None:
        """Let all end."""
        self._may_end.set()


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_question_of_a_tenant_at_a_time() -> None:
    """A tenant's second question waits for its first; the next tenant's does not; a third tenant waits for a place."""
    runs, work = ModelRuns(ModelSettings(at_once=2)), Work()
    asked = [(ONE, "a"), (ONE, "b"), (TWO, "c"), (THREE, "d")]
    answers = [asyncio.create_task(runs.answer(tenant, name, 0, work.of(name))) for tenant, name in asked]
    await settled()
    assert work.running == ["a", "c"]
    work.let_go()
    assert await asyncio.gather(*answers) == ["a", "b", "c", "d"]


async def test_same_question_is_computed_once() -> None:
    """While it is computed and afterwards, until something is stored; another tenant's is another question."""
    runs, work = ModelRuns(ModelSettings()), Work()
    work.let_go()
    await asyncio.gather(*(runs.answer(ONE, "a", 1, work.of("a")) for _ in range(3)))
    await runs.answer(ONE, "a", 1, work.of("a"))
    assert work.done == ["a"]
    await runs.answer(ONE, "a", 2, work.of("newer"))
    await runs.answer(TWO, "a", 2, work.of("other"))
    assert work.done == ["a", "newer", "other"]


async def test_answers_grow_old_and_few() -> None:
    """An answer is forgotten after its time, and when so many newer ones have come."""
    work = Work()
    work.let_go()
    old = ModelRuns(ModelSettings(cache_seconds=0))
    few = ModelRuns(ModelSettings(answers_kept=1))
    for runs, questions in ((old, "aa"), (few, "bcb")):
        for question in questions:
            await runs.answer(ONE, question, 0, work.of(question))
    assert work.done == ["a", "a", "b", "c", "b"]


async def test_busy() -> None:
    """A question that does not have its turn in time is refused, and can be asked again."""
    runs, work = ModelRuns(ModelSettings(at_once=1, wait_seconds=0.01)), Work()
    first = asyncio.create_task(runs.answer(ONE, "a", 0, work.of("a")))
    await settled()
    with pytest.raises(ModelsBusy) as busy:
        await runs.answer(TWO, "b", 0, work.of("b"))
    assert busy.value.retry_after_seconds
    work.let_go()
    await first
    assert await runs.answer(TWO, "b", 0, work.of("b")) == "b"


async def test_who_asked_first_may_leave() -> None:
    """A caller who hangs up does not end what another waits for."""
    runs, work = ModelRuns(ModelSettings()), Work()
    first, second = (asyncio.create_task(runs.answer(ONE, "a", 0, work.of("a"))) for _ in range(2))
    await settled()
    first.cancel()
    work.let_go()
    assert await second == "a"
