"""What becomes of a call's journeys: credits, or the reason why there are none."""

import asyncio
import time

import pytest
from structlog.testing import capture_logs

from actors.champion_calls import Champion
from actors.crediting import Crediting, Credits
from attribution.journeys import Floats
from attribution.learned_credits import CallJourneys, Credited
from attribution.ml.journey_table import JourneyTable
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_settings import LearningSettings
from schemas.results import ModelFallback
from tests.unit.actors.named_models import SLOW_SECONDS, Keeper, NamedModel
from tests.unit.actors.test_evaluations import table

pytestmark = pytest.mark.anyio

SETTINGS = LearningSettings(pool_look_seconds=0.01, deadline_seconds=0.1)
JOURNEYS = CallJourneys({"one": (), "two": ()}, table(2, 1))


class Named(NamedModel):
    """Shares equally."""

    def credits(self, table: JourneyTable) -> Floats:
        """Share, slowly or not at all."""
        self.act()
        shares: Floats = (1.0 / table.lengths)[table.owners]
        return shares


def made(artifact: bytes) -> Credits:
    return Named(artifact)


def keeper(model_id: str | None) -> Keeper:
    """Name one global champion, or none."""
    if model_id is None:
        return Keeper(None)
    return Keeper([Champion(LearnedKind.CONVERSION, None, model_id)] if model_id else [])


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
    crediting = Crediting(keeper(model_id), made, SETTINGS)
    following = asyncio.create_task(crediting.champions.follow())

    async def read() -> CallJourneys:
        return JOURNEYS

    until = asyncio.get_running_loop().time() + SETTINGS.deadline_seconds
    try:
        began = time.monotonic()
        # What is logged is written out with the values of every frame, which takes seconds on a busy machine.
        with capture_logs():
            assert await crediting.of(TenantId("t1"), read, until) == expected
        # Whoever waited for the slow one to end would wait for longer.
        assert time.monotonic() - began < SLOW_SECONDS
    finally:
        following.cancel()


async def test_a_call_that_is_late_already_waits_for_no_model() -> None:
    """What came before, scores or the turns of others, is of the same deadline: nothing begins anew."""
    crediting = Crediting(keeper("good"), made, SETTINGS)
    following = asyncio.create_task(crediting.champions.follow())

    async def read() -> CallJourneys:
        return JOURNEYS

    loop = asyncio.get_running_loop()
    try:
        with capture_logs():
            first = await crediting.of(TenantId("t1"), read, loop.time() + 10.0)
            late = await crediting.of(TenantId("t1"), read, loop.time())
    finally:
        following.cancel()
    assert (first.model_id, late) == ("good", Credited(fallback=ModelFallback.LATE))
