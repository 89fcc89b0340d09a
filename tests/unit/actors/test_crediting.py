"""What becomes of a call's journeys: credits, or the reason why there are none."""

import asyncio
import time

import pytest
from structlog.testing import capture_logs

from actors.champion_calls import Champion, ChampionsUnknownError, Standing
from actors.crediting import Crediting, Credits
from attribution.journeys import Floats
from attribution.learned_credits import CallJourneys, Credited
from attribution.ml.journey_table import JourneyTable
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_settings import LearningSettings
from schemas.results import ModelFallback
from tests.unit.actors.test_evaluations import table

pytestmark = pytest.mark.anyio

SETTINGS = LearningSettings(pool_look_seconds=0.01, deadline_seconds=0.1)
SLOW_SECONDS = 10.0
JOURNEYS = CallJourneys({"one": (), "two": ()}, table(2, 1))


class Keeper:
    """Gives one global champion, or does not answer; what it is named says what its model does."""

    def __init__(self, model_id: str | None) -> None:
        self._model_id = model_id

    async def current(self, known_version: str) -> Standing | None:
        """Say who counts."""
        if self._model_id is None:
            raise ChampionsUnknownError
        named = (Champion(LearnedKind.CONVERSION, None, self._model_id),) if self._model_id else ()
        return None if known_version else Standing("1", named)

    async def artifact(self, model_id: str) -> bytes:
        """Give the model."""
        return model_id.encode()


class Named:
    """A model that does what its name says."""

    def __init__(self, artifact: bytes) -> None:
        self._name = artifact.decode()
        if self._name == "damaged":
            raise ValueError("damaged")

    def credits(self, table: JourneyTable) -> Floats:
        """Share equally, slowly or not at all."""
        if self._name == "slow":
            # In small steps: what takes too long is broken off between two.
            for _ in range(int(SLOW_SECONDS / 0.01)):
                time.sleep(0.01)
        if self._name == "failing":
            raise ValueError("failing")
        shares: Floats = (1.0 / table.lengths)[table.owners]
        return shares


def made(artifact: bytes) -> Credits:
    return Named(artifact)


@pytest.mark.parametrize(
    ("model_id", "expected"),
    [
        ("good", Credited("good", {"one": [0.5, 0.5], "two": [1.0]})),
        ("", Credited()),
        ("slow", Credited(fallback=ModelFallback.LATE)),
        ("failing", Credited(fallback=ModelFallback.FAILED)),
        ("damaged", Credited(fallback=ModelFallback.FAILED)),
        (None, Credited(fallback=ModelFallback.LATE)),
    ],
)
async def test_journeys_have_credits_or_the_reason_why_not(model_id: str | None, expected: Credited) -> None:
    """By the champion; none where there is none; late or failed where there is one, and where nobody can be asked."""
    crediting = Crediting(Keeper(model_id), made, SETTINGS)
    following = asyncio.create_task(crediting.champions.follow())

    async def read() -> CallJourneys:
        return JOURNEYS

    try:
        began = time.monotonic()
        # What is logged is written out with the values of every frame, which takes seconds on a busy machine.
        with capture_logs():
            assert await crediting.of(TenantId("t1"), read) == expected
        # Whoever waited for the slow one to end would wait for longer.
        assert time.monotonic() - began < SLOW_SECONDS
    finally:
        following.cancel()
