"""Evaluates learned models for calls of many tenants: what waits together and has the same model is evaluated together.

An evaluation costs nearly as much for one journey as for a hundred. So while one runs, others wait, and go with the
next: one request of each tenant, in turn, as far as they have the same model. Nobody waits for a timer. If the
evaluation of several fails, each is evaluated alone: the one at fault fails, and no other.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from actors.case_limit import CaseLimit
from actors.model_shelf import LoadedModel
from attribution.journeys import Floats
from attribution.ml.journey_table import JourneyTable, concat
from schemas.ids import TenantId

JOURNEYS_TOGETHER_MAX = 2_000
"""Of more, some wait for the next evaluation: a small request does not wait long beside a large one."""

_STUCK_FACTOR = 10.0


class EvaluationStuckError(Exception):
    """An evaluation does not end, and cannot be ended."""


class Credits(Protocol):
    """A model that shares journeys out, as `attribution.ml.conversion.ConversionModel` does."""

    def credits(self, table: JourneyTable) -> Floats:
        """Give each touch its credit: [T]."""


@dataclass(slots=True)
class _Asked:
    model: LoadedModel[Credits]
    table: JourneyTable
    done: asyncio.Future[Floats]


class CreditGiver:
    """Shares journeys out by learned models, on one thread."""

    def __init__(self, thread: ThreadPoolExecutor, deadline_seconds: float) -> None:
        """Take the thread, and how long one evaluation may take."""
        self._thread = thread
        self._deadline_seconds = deadline_seconds
        self._limit = CaseLimit(deadline_seconds)
        # Tenants in the order of their turns.
        self._waiting: dict[TenantId, deque[_Asked]] = {}
        self._driving: asyncio.Task[None] | None = None
        self._since: float | None = None

    async def credits(self, tenant_id: TenantId, model: LoadedModel[Credits], table: JourneyTable) -> Floats:
        """Give each touch of a tenant's journeys its credit: [T].

        Raises:
            TimeoutError: another evaluation takes too long.
            Exception: the model failed on these journeys.
        """
        if self._running_seconds() > self._deadline_seconds:
            raise TimeoutError
        asked = _Asked(model, table, asyncio.get_running_loop().create_future())
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

    def _take(self) -> list[_Asked]:
        """Take one request of each tenant in turn, all of one model; those that nobody waits for are dropped."""
        together: list[_Asked] = []
        journeys = 0
        for tenant_id in list(self._waiting):
            queue = self._waiting[tenant_id]
            while queue and queue[0].done.done():
                queue.popleft()
            size = len(queue[0].table) if queue else 0
            is_next = bool(queue) and (
                not together or (queue[0].model is together[0].model and journeys + size <= JOURNEYS_TOGETHER_MAX)
            )
            if is_next:
                together.append(queue.popleft())
                journeys += size
            if is_next or not queue:
                # Its next turn comes after all others'.
                del self._waiting[tenant_id]
                if queue:
                    self._waiting[tenant_id] = queue
        return together

    async def _settle(self, together: Sequence[_Asked]) -> None:
        try:
            found = await self._evaluated(together)
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait hear of it
            if len(together) > 1:
                for each in together:
                    await self._settle([each])
            elif not together[0].done.done():
                together[0].done.set_exception(error)
        else:
            for each, credits_ in zip(together, found, strict=True):
                if not each.done.done():
                    each.done.set_result(credits_)

    async def _evaluated(self, together: Sequence[_Asked]) -> list[Floats]:
        model, tables = together[0].model.model, [each.table for each in together]

        def evaluate() -> list[Floats]:
            given = self._limit.run(lambda: model.credits(tables[0] if len(tables) == 1 else concat(tables)))
            return np.split(given, np.cumsum([len(each.touches) for each in tables])[:-1])

        self._since = time.monotonic()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, evaluate)
        finally:
            self._since = None
