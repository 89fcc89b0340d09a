"""Whose turn it is to have models computed, and the answers that are still good.

A tenant's questions are computed one after the other, and those of a few tenants at once: however large a question is,
the next tenant waits for at most one of each. A question that is asked again while its answer is being computed, or
soon after and with nothing stored in between, costs nothing.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from jobs.model_tasks import ModelTasks
from schemas.ids import TenantId
from schemas.model_problems import ModelsBusy
from schemas.settings import ModelSettings

_RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class _Kept:
    version: Hashable
    until: float
    answer: asyncio.Task[Any]


class ModelRuns:
    """Takes questions of all tenants that a replica is asked."""

    def __init__(self, settings: ModelSettings, labels: dict[str, str] | None = None) -> None:
        """Take how many may run, and the labels of the nodes where."""
        self._settings = settings
        self._kept: dict[Hashable, _Kept] = {}
        self._turns: defaultdict[TenantId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._gate = asyncio.Semaphore(settings.at_once)
        self.tasks = ModelTasks(settings, labels)

    async def answer(
        self, tenant_id: TenantId, question: Hashable, version: Hashable, compute: Callable[[], Awaitable[Any]]
    ) -> Any:
        """Give the answer to a question of a tenant; `version` is that of the data it is about.

        Raises:
            ModelsBusy: it was not its turn soon enough.
            Problem: what `compute` raises.
        """
        key, now = (tenant_id, question), time.monotonic()
        kept = self._kept.get(key)
        if kept is None or kept.version != version or kept.until <= now or _has_failed(kept.answer):
            answer = asyncio.create_task(self._computed(tenant_id, compute))
            kept = _Kept(version, now + self._settings.cache_seconds, answer)
            self._kept.pop(key, None)
            self._kept[key] = kept
            while len(self._kept) > self._settings.answers_kept:
                del self._kept[next(iter(self._kept))]
        # Whoever asked first may hang up: others may wait for the same.
        return await asyncio.shield(kept.answer)

    async def _computed(self, tenant_id: TenantId, compute: Callable[[], Awaitable[Any]]) -> Any:
        async with self._turn(tenant_id):
            return await compute()

    @asynccontextmanager
    async def _turn(self, tenant_id: TenantId) -> AsyncIterator[None]:
        turn = self._turns[tenant_id]
        try:
            async with asyncio.timeout(self._settings.wait_seconds):
                await turn.acquire()
                try:
                    await self._gate.acquire()
                except BaseException:
                    turn.release()
                    raise
        except TimeoutError as error:
            raise ModelsBusy(retry_after_seconds=_RETRY_AFTER_SECONDS) from error
        try:
            yield
        finally:
            self._gate.release()
            turn.release()


def _has_failed(answer: asyncio.Task[Any]) -> bool:
    return answer.done() and (answer.cancelled() or answer.exception() is not None)
