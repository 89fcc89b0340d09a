"""Has the installs of a call scored by the anomaly champion of its tenant: a suspicion beside the rules.

An install that was not scored in time has nothing against it; the next review of fraud looks again.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import numpy as np

from actors.champion_calls import Champions
from actors.champion_evaluations import ChampionEvaluations
from attribution.anomaly_scores import CallInstalls
from attribution.journeys import Floats
from attribution.ml.install_tables import InstallFactTable, concat_facts
from schemas.fraud import AnomalyScore
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_settings import LearningSettings
from schemas.results import ModelFallback

_DECIMALS = 6


class Scores(Protocol):
    """A model that scores installs, as `attribution.ml.anomaly.AnomalyModel` does."""

    @property
    def threshold(self) -> float:
        """Above it an install is suspect."""

    def score(self, installs: InstallFactTable) -> Floats:
        """Say how unlike all others each install is: [I], from 0 to 1."""


class Scoring:
    """Scores installs."""

    def __init__(self, champions: Champions, load: Callable[[bytes], Scores], settings: LearningSettings) -> None:
        """Take whom to ask for champions, and what makes a model of an artifact."""
        self.champions = ChampionEvaluations(LearnedKind.ANOMALY, champions, load, _scores, settings)

    async def of(
        self, tenant_id: TenantId, read: Callable[[], Awaitable[CallInstalls]], until: float
    ) -> dict[str, AnomalyScore]:
        """Score installs by a time of the loop's clock, by their ids; they are read where there is a model for them."""
        found = await self.champions.of(tenant_id, read, until)
        if found is None or isinstance(found, ModelFallback):
            return {}
        model = found.model
        threshold = round(model.model.threshold, _DECIMALS)
        return {
            conversion_id: AnomalyScore(round(score, _DECIMALS), threshold, model.model_id)
            for conversion_id, score in zip(found.call.conversion_ids, found.given.tolist(), strict=True)
        }


def _scores(model: Scores, calls: Sequence[CallInstalls]) -> list[Floats]:
    tables = [each.table for each in calls]
    given = model.score(tables[0] if len(tables) == 1 else concat_facts(tables))
    return np.split(given, np.cumsum([len(each) for each in tables])[:-1])
