"""What becomes of a call's installs: scores, or none in time."""

import asyncio
import time

import numpy as np
import pytest
from structlog.testing import capture_logs

from actors.champion_calls import Champion, ChampionsUnknownError, Standing
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
from tests.unit.attribution.cases import case

pytestmark = pytest.mark.anyio

SETTINGS = LearningSettings(pool_look_seconds=0.01, deadline_seconds=0.1)
INSTALL = case()
INSTALLS = installs_of([INSTALL], [attribute(INSTALL, Policy())])
SLOW_SECONDS = 10.0


class Keeper:
    """Gives a tenant's own champion, or does not answer; what it is named says what its model does."""

    def __init__(self, model_id: str | None) -> None:
        self._model_id = model_id

    async def current(self, known_version: str) -> Standing | None:
        """Say who counts: one of conversions is no business of installs."""
        if self._model_id is None:
            raise ChampionsUnknownError
        named = [Champion(LearnedKind.CONVERSION, None, "another")]
        if self._model_id:
            named.append(Champion(LearnedKind.ANOMALY, TenantId("t1"), self._model_id))
        return None if known_version else Standing("1", tuple(named))

    async def artifact(self, model_id: str) -> bytes:
        """Give the model."""
        return model_id.encode()


class Named:
    """A model that does what its name says."""

    threshold = 0.6

    def __init__(self, artifact: bytes) -> None:
        self._name = artifact.decode()
        if self._name == "damaged":
            raise ValueError("damaged")

    def score(self, installs: InstallFactTable) -> Floats:
        """Score all the same, slowly or not at all."""
        if self._name == "slow":
            # In small steps: what takes too long is broken off between two.
            for _ in range(int(SLOW_SECONDS / 0.01)):
                time.sleep(0.01)
        if self._name == "failing":
            raise ValueError("failing")
        return np.full(len(installs), 0.7)


def made(artifact: bytes) -> Scores:
    return Named(artifact)


@pytest.mark.parametrize("model_id", ["good", "", "slow", "failing", "damaged", None])
async def test_installs_have_scores_or_none_in_time(model_id: str | None) -> None:
    """By the champion; without one, or with one that is late or fails, nothing is said against anybody."""
    scoring = Scoring(Keeper(model_id), made, SETTINGS)
    following = asyncio.create_task(scoring.champions.follow())

    async def read() -> CallInstalls:
        return INSTALLS

    try:
        began = time.monotonic()
        with capture_logs():
            scores = await scoring.of(TenantId("t1"), read)
            others = await scoring.of(TenantId("t2"), read)
        assert scores == ({"conversion-1": AnomalyScore(0.7, 0.6, "good")} if model_id == "good" else {})
        assert others == {}
        assert time.monotonic() - began < SLOW_SECONDS
    finally:
        following.cancel()
