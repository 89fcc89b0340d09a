"""Has the installs of a call scored by the anomaly champion of its tenant: a suspicion beside the rules.

What the rules say never waits longer for it than the deadline. An install that was not scored has nothing against it;
the next review of fraud looks again.
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
from attribution.anomaly_scores import CallInstalls
from attribution.journeys import Floats
from attribution.ml.install_tables import InstallFactTable, concat_facts
from schemas.fraud import AnomalyScore
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_settings import LearningSettings

_NICENESS = 5
_DECIMALS = 6

log = structlog.get_logger()


class Scores(Protocol):
    """A model that scores installs, as `attribution.ml.anomaly.AnomalyModel` does."""

    @property
    def threshold(self) -> float:
        """Above it an install is suspect."""

    def score(self, installs: InstallFactTable) -> Floats:
        """Say how unlike all others each install is: [I], from 0 to 1."""


class Scoring:
    """Knows the champions, and evaluates them."""

    def __init__(self, champions: Champions, load: Callable[[bytes], Scores], settings: LearningSettings) -> None:
        """Take whom to ask for champions, and what makes a model of an artifact."""
        loading, evaluating = (ThreadPoolExecutor(1, initializer=os.nice, initargs=(_NICENESS,)) for _ in range(2))
        self._shelf = ModelShelf(LearnedKind.ANOMALY, champions, load, loading, settings)
        self._evaluations = Evaluations(_scores, evaluating, settings.deadline_seconds)
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

    async def of(self, tenant_id: TenantId, read: Callable[[], Awaitable[CallInstalls]]) -> dict[str, AnomalyScore]:
        """Score installs, by their conversion ids; they are read where there is a model for them."""
        try:
            async with asyncio.timeout(self._deadline_seconds):
                model = await self._shelf.of(tenant_id)
            if model is None:
                return {}
            installs = await read()
            if not installs.conversion_ids:
                return {}
            async with asyncio.timeout(self._deadline_seconds):
                scores = await self._evaluations.of(tenant_id, model, installs.table)
        except (TimeoutError, ChampionsUnknownError) as error:
            log.warning("scores_late", tenant=tenant_id, error=repr(error))
            return {}
        except Exception:
            log.exception("scores_failed", tenant=tenant_id)
            return {}
        threshold = model.model.threshold
        return {
            conversion_id: AnomalyScore(round(score, _DECIMALS), round(threshold, _DECIMALS), model.model_id)
            for conversion_id, score in zip(installs.conversion_ids, scores.tolist(), strict=True)
        }


def _scores(model: Scores, tables: Sequence[InstallFactTable]) -> list[Floats]:
    given = model.score(tables[0] if len(tables) == 1 else concat_facts(tables))
    return np.split(given, np.cumsum([len(each) for each in tables])[:-1])
