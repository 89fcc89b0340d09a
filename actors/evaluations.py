"""Evaluates learned models for calls of many tenants: what waits together and has the same model is evaluated together.

An evaluation costs nearly as much for one row as for a hundred. So while one runs, others wait, and go with the
next: one request of each tenant, in turn, as far as they have the same model. Nobody waits for a timer. If the
evaluation of several fails, each is evaluated alone: the one at fault fails, and no other.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from actors.case_limit import CaseLimit
from actors.model_shelf import LoadedModel
from attribution.journeys import Floats
from schemas.ids import TenantId

ROWS_TOGETHER_MAX = 2_000
"""Of more, some wait for the next evaluation: a small request does not wait long beside a large one."""

_STUCK_FACTOR = 10.0


class EvaluationStuckError(Exception):
    """An evaluation does not end, and cannot be ended."""


M = TypeVar("M")
C = TypeVar("C", bound=Sized)
Evaluate = Callable[[M, Sequence[C]], list[Floats]]
"""Has a model evaluate what several calls have, at once; gives for each what it would be on its own."""


@dataclass(slots=True)
class _Asked(Generic[M, C]):
    model: LoadedModel[M]
    call: C
    done: asyncio.Future[Floats]


class Evaluations(Generic[M, C]):
    """Evaluates models of one kind, on one thread."""

    def __init__(self, evaluate: Evaluate[M, C], thread: ThreadPoolExecutor, deadline_seconds: float) -> None:
        """Take what evaluates, the thread, and how long one evaluation may take."""
        self._evaluate = evaluate
        self._thread = thread
        self._deadline_seconds = deadline_seconds
        self._limit = CaseLimit(deadline_seconds)
        # Tenants in the order of their turns.
        self._waiting: dict[TenantId, deque[_Asked[M, C]]] = {}
        self._driving: asyncio.Task[None] | None = None
        self._since: float | None = None

    async def of(self, tenant_id: TenantId, model: LoadedModel[M], call: C) -> Floats:
        """Evaluate a model on what a tenant's call has.

        Raises:
            TimeoutError: another evaluation takes too long.
            Exception: the model failed on these rows.
        """
        if self._running_seconds() > self._deadline_seconds:
            raise TimeoutError
        asked: _Asked[M, C] = _Asked(model, call, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(tenant_id, deque()).append(asked)
        if self._driving is None or self._driving.done():
            self._driving = asyncio.create_task(self._drive())
        return await asked.done

    def check(self) -> None:
        """Say whether evaluations end.

        Raises:
            EvaluationStuckError: one does not; only another process helps.
        """
        if self._running_seconds() > _STUCK_FACTOR * self._deadline_seconds:
            raise EvaluationStuckError

    def _running_seconds(self) -> float:
        return 0.0 if self._since is None else time.monotonic() - self._since

    async def _drive(self) -> None:
        while self._waiting:
            if together := self._take():
                await self._settle(together)

    def _take(self) -> list[_Asked[M, C]]:
        """Take one request of each tenant in turn, all of one model; those that nobody waits for are dropped."""
        together: list[_Asked[M, C]] = []
        rows = 0
        for tenant_id in list(self._waiting):
            queue = self._waiting[tenant_id]
            while queue and queue[0].done.done():
                queue.popleft()
            size = len(queue[0].call) if queue else 0
            is_next = bool(queue) and (
                not together or (queue[0].model is together[0].model and rows + size <= ROWS_TOGETHER_MAX)
            )
            if is_next:
                together.append(queue.popleft())
                rows += size
            if is_next or not queue:
                # Its next turn comes after all others'.
                del self._waiting[tenant_id]
                if queue:
                    self._waiting[tenant_id] = queue
        return together

    async def _settle(self, together: Sequence[_Asked[M, C]]) -> None:
        try:
            found = await self._evaluated(together)
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait hear of it
            if len(together) > 1:
                for each in together:
                    await self._settle([each])
            elif not together[0].done.done():
                together[0].done.set_exception(error)
        else:
            for each, given in zip(together, found, strict=True):
                if not each.done.done():
                    each.done.set_result(given)

    async def _evaluated(self, together: Sequence[_Asked[M, C]]) -> list[Floats]:
        model, calls = together[0].model.model, [each.call for each in together]

        def evaluate() -> list[Floats]:
            return self._limit.run(lambda: self._evaluate(model, calls))

        self._since = time.monotonic()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, evaluate)
        finally:
            self._since = None
