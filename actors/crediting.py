"""Has the journeys of a call shared out by the champion of its tenant, or says why they are not."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import numpy as np

from actors.champion_calls import Champions
from actors.champion_evaluations import ChampionEvaluations
from attribution.journeys import Floats
from attribution.learned_credits import CallJourneys, Credited
from attribution.ml.journey_table import JourneyTable, concat
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_settings import LearningSettings
from schemas.results import ModelFallback


class Credits(Protocol):
    """A model that shares journeys out, as `attribution.ml.conversion.ConversionModel` does."""

    def credits(self, table: JourneyTable) -> Floats:
        """Give each touch its credit: [T]."""


class Crediting:
    """Shares journeys out."""

    def __init__(self, champions: Champions, load: Callable[[bytes], Credits], settings: LearningSettings) -> None:
        """Take whom to ask for champions, and what makes a model of an artifact."""
        self.champions = ChampionEvaluations(LearnedKind.CONVERSION, champions, load, credits_of, settings)

    async def of(self, tenant_id: TenantId, read: Callable[[], Awaitable[CallJourneys]], until: float) -> Credited:
        """Share journeys out by a time of the loop's clock; they are read where there is a model for them."""
        found = await self.champions.of(tenant_id, read, until)
        if found is None or isinstance(found, ModelFallback):
            return Credited(fallback=found)
        return Credited(found.model.model_id, found.call.shared(found.given))


def credits_of(model: Credits, calls: Sequence[CallJourneys]) -> list[Floats]:
    """Have a model share the journeys of several calls out at once."""
    tables = [each.table for each in calls]
    given = model.credits(tables[0] if len(tables) == 1 else concat(tables))
    return np.split(given, np.cumsum([len(each.touches) for each in tables])[:-1])
