"""The champions of one kind in a replica of the pool: which they are, and what they make of a call.

What the rules say never waits longer for a learned model than the deadline, and stands whatever becomes of it.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sized
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from actors.champion_calls import Champions, ChampionsUnknownError
from actors.evaluations import Evaluate, Evaluations
from actors.model_shelf import LoadedModel, ModelShelf
from attribution.journeys import Floats
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_settings import LearningSettings
from schemas.results import ModelFallback

_NICENESS = 5

M = TypeVar("M")
C = TypeVar("C", bound=Sized)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Evaluated(Generic[M, C]):
    """What a model gave the rows of a call, and the call."""

    model: LoadedModel[M]
    call: C
    given: Floats


class ChampionEvaluations(Generic[M, C]):
    """Knows the champions of a kind, and evaluates them."""

    def __init__(
        self,
        kind: LearnedKind,
        champions: Champions,
        load: Callable[[bytes], M],
        evaluate: Evaluate[M, C],
        settings: LearningSettings,
    ) -> None:
        """Take whom to ask for champions, what makes a model of an artifact, and how it is evaluated."""
        loading, evaluating = (ThreadPoolExecutor(1, initializer=os.nice, initargs=(_NICENESS,)) for _ in range(2))
        self._kind = kind
        self._shelf = ModelShelf(kind, champions, load, loading, settings)
        self._evaluations = Evaluations(evaluate, evaluating, settings.deadline_seconds)

    async def follow(self) -> None:
        """Follow promotions, for ever."""
        await self._shelf.follow()

    def check(self) -> None:
        """Say whether it works.

        Raises:
            EvaluationStuckError: only another process helps.
        """
        self._evaluations.check()

    async def of(
        self, tenant_id: TenantId, read: Callable[[], Awaitable[C]], until: float
    ) -> Evaluated[M, C] | ModelFallback | None:
        """Evaluate a call, which is read where there is a model for it; None: there is no model, or nothing to do.

        `until` is when it is late, by the loop's clock. What is read may take longer: it ends by itself.
        """
        try:
            async with asyncio.timeout_at(until):
                model = await self._shelf.of(tenant_id)
            if model is None:
                return None
            call = await read()
            if not len(call):
                return None
            async with asyncio.timeout_at(until):
                given = await self._evaluations.of(tenant_id, model, call)
        except (TimeoutError, ChampionsUnknownError) as error:
            log.warning("model_late", kind=self._kind, tenant=tenant_id, error=repr(error))
            return ModelFallback.LATE
        except Exception:
            log.exception("model_failed", kind=self._kind, tenant=tenant_id)
            return ModelFallback.FAILED
        return Evaluated(model, call, given)
