"""What becomes of a call's installs: scores, or none in time."""

import asyncio
import time

import numpy as np
import pytest
from structlog.testing import capture_logs

from actors.champion_calls import Champion
from actors.scoring import Scores, Scoring
from attribution.anomaly_scores import CallInstalls, installs_of
from attribution.decide import attribute
from attribution.journeys import Floats
from attribution.ml.install_tables import InstallFactTable
from schemas.fraud import AnomalyScore
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_settings import LearningSettings
from schemas.policy import Policy
from tests.unit.actors.named_models import SLOW_SECONDS, Keeper, NamedModel
from tests.unit.attribution.cases import case

pytestmark = pytest.mark.anyio

SETTINGS = LearningSettings(pool_look_seconds=0.01, deadline_seconds=0.1)
INSTALL = case()
INSTALLS = installs_of([INSTALL], [attribute(INSTALL, Policy())])


class Named(NamedModel):
    """Scores all the same."""

    threshold = 0.6

    def score(self, installs: InstallFactTable) -> Floats:
        """Score, slowly or not at all."""
        self.act()
        return np.full(len(installs), 0.7)


def made(artifact: bytes) -> Scores:
    return Named(artifact)


def keeper(model_id: str | None) -> Keeper:
    """Name a tenant's own champion, or none, and one of conversions, which is no business of installs."""
    if model_id is None:
        return Keeper(None)
    own = [Champion(LearnedKind.ANOMALY, TenantId("t1"), model_id)] if model_id else []
    return Keeper([Champion(LearnedKind.CONVERSION, None, "another"), *own])


@pytest.mark.parametrize("model_id", ["good", "", "slow", "failing", "damaged", None])
async def test_installs_have_scores_or_none_in_time(model_id: str | None) -> None:
    """By the champion; without one, or with one that is late or fails, nothing is said against anybody."""
    scoring = Scoring(keeper(model_id), made, SETTINGS)
    following = asyncio.create_task(scoring.champions.follow())

    async def read() -> CallInstalls:
        return INSTALLS

    until = asyncio.get_running_loop().time() + SETTINGS.deadline_seconds
    try:
        began = time.monotonic()
        with capture_logs():
            scores = await scoring.of(TenantId("t1"), read, until)
            others = await scoring.of(TenantId("t2"), read, until)
        assert scores == ({"conversion-1": AnomalyScore(0.7, 0.6, "good")} if model_id == "good" else {})
        assert others == {}
        assert time.monotonic() - began < SLOW_SECONDS
    finally:
        following.cancel()
