"""Has the journeys of a call shared out by the champion of its tenant, or says why they are not.

The rules' results never wait longer for it than the deadline, and stand whatever becomes of the model.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import structlog

from actors.champion_calls import Champions, ChampionsUnknownError
from actors.evaluations import Evaluations
from actors.model_shelf import ModelShelf
from attribution.journeys import Floats
from attribution.learned_credits import CallJourneys, Credited
from attribution.ml.journey_table import JourneyTable, concat
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_settings import LearningSettings
from schemas.results import ModelFallback

_NICENESS = 5
_NOTHING = Credited()

log = structlog.get_logger()


class Credits(Protocol):
    """A model that shares journeys out, as `attribution.ml.conversion.ConversionModel` does."""

    def credits(self, table: JourneyTable) -> Floats:
        """Give each touch its credit: [T]."""


class Crediting:
    """Knows the champions, and evaluates them."""

    def __init__(self, champions: Champions, load: Callable[[bytes], Credits], settings: LearningSettings) -> None:
        """Take whom to ask for champions, and what makes a model of an artifact."""
        loading, evaluating = (ThreadPoolExecutor(1, initializer=os.nice, initargs=(_NICENESS,)) for _ in range(2))
        self._shelf = ModelShelf(LearnedKind.CONVERSION, champions, load, loading, settings)
        self._evaluations = Evaluations(credits_of, evaluating, settings.deadline_seconds)
        self._deadline_seconds = settings.deadline_seconds

    async def follow(self) -> None:
        """Follow promotions, for ever."""
        await self._shelf.follow()

    def check(self) -> None:
        """Say whether it works.

        Raises:
            EvaluationStuckError: only another process helps.
        """
        self._evaluations.check()

    async def of(self, tenant_id: TenantId, read: Callable[[], Awaitable[CallJourneys]]) -> Credited:
        """Share journeys out; they are read where there is a model for them."""
        try:
            async with asyncio.timeout(self._deadline_seconds):
                model = await self._shelf.of(tenant_id)
            if model is None:
                return _NOTHING
            journeys = await read()
            if not journeys.touches:
                return _NOTHING
            async with asyncio.timeout(self._deadline_seconds):
                given = await self._evaluations.of(tenant_id, model, journeys.table)
        except (TimeoutError, ChampionsUnknownError) as error:
            log.warning("credits_late", tenant=tenant_id, error=repr(error))
            return Credited(fallback=ModelFallback.LATE)
        except Exception:
            log.exception("credits_failed", tenant=tenant_id)
            return Credited(fallback=ModelFallback.FAILED)
        return Credited(model.model_id, journeys.shared(given))


def credits_of(model: Credits, tables: Sequence[JourneyTable]) -> list[Floats]:
    """Have a model share the journeys of several tables out at once."""
    given = model.credits(tables[0] if len(tables) == 1 else concat(tables))
    return np.split(given, np.cumsum([len(each.touches) for each in tables])[:-1])
