"""A replica of the pool, called as Serve calls it but in this process."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from structlog.testing import capture_logs

from actors.attribution_pool import AttributionPool, apart_application, pool_application
from actors.champion_calls import Champion, Standing
from actors.pool_calls import pack_cases, pack_policy, portions, unpack_answers
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_settings import LearningSettings
from schemas.policy import Policy
from schemas.results import ResultRecord
from schemas.settings import PoolSettings
from tests.unit.attribution.cases import case, touch

pytestmark = pytest.mark.anyio

POLICY = pack_policy(Policy())


class Keeper:
    """Knows one global champion whose artifact is none."""

    async def current(self, known_version: str, _stood_in: Mapping[str, str | None]) -> Standing | None:
        """Say who counts."""
        return None if known_version else Standing("1", (Champion(LearnedKind.CONVERSION, None, "damaged"),))

    async def artifact(self, model_id: str) -> bytes:
        """Give what no model can be made of."""
        return model_id.encode()


@pytest.fixture
async def pool() -> AsyncIterator[AttributionPool]:
    """Make a replica whose logs are not written out: with the values of every frame, that takes minutes."""
    # What reads artifacts is imported first, which takes seconds on a busy machine.
    with capture_logs():
        yield AttributionPool(Keeper(), PoolSettings(), LearningSettings(deadline_seconds=60.0))


def packed(count: int) -> list[bytes]:
    given = case(touch("t", timedelta(hours=1)))
    cases = [replace(given, conversion=replace(given.conversion, conversion_id=f"c{place}")) for place in range(count)]
    return [pack_cases(portion) for portion in portions(cases)]


async def test_one_conversion_does_not_wait_for_another_tenants_thousands(pool: AttributionPool) -> None:
    """Of two tenants with 3,000 each, neither is done when a third one's single conversion, sent last, is."""
    many = [asyncio.create_task(pool.decide(TenantId(each), packed(3_000), POLICY)) for each in ("t1", "t2")]
    await asyncio.sleep(0.05)
    one = await pool.decide(TenantId("t3"), packed(1), POLICY)
    assert not any(task.done() for task in many)
    assert len(unpack_answers(one[0])) == 1
    for answered in await asyncio.gather(*many):
        records = [record for portion in answered for record in unpack_answers(portion)]
        assert [record.conversion_id for record in records] == [f"c{place}" for place in range(3_000)]


async def test_the_rules_result_stands_without_the_model(pool: AttributionPool) -> None:
    """It has its winner, no data-driven credits, and says that the model failed."""
    (answered,) = await pool.decide(TenantId("t1"), packed(1), POLICY)
    (record,) = unpack_answers(answered)
    assert isinstance(record, ResultRecord)
    document = orjson.loads(record.document)
    assert (record.media_source, record.model_version) == ("google_ads", "rules-2")
    assert (document["model_fallback"], document["touch_credits"]) == ("failed", None)
    assert document["credits"] == {"last_touch": {"google_ads": 1.0}}


def test_replicas_come_by_the_queue() -> None:
    """As many as settings say, by the calls that wait; the one apart takes a single call, and is there when needed."""
    settings = PoolSettings(replicas_min=2, replicas_max=5, requests_ongoing_target=3.0, requests_ongoing_max=7)
    made = pool_application(settings, LearningSettings(), {})._bound_deployment
    scaling = made._deployment_config.autoscaling_config
    assert scaling is not None
    assert (scaling.min_replicas, scaling.max_replicas, scaling.target_ongoing_requests) == (2, 5, 3.0)
    assert (scaling.upscale_delay_s, scaling.downscale_delay_s) == (10.0, 120.0)
    assert made.max_ongoing_requests == 7
    apart = apart_application(settings, LearningSettings(), {})._bound_deployment
    assert apart._deployment_config.autoscaling_config is not None
    assert (apart._deployment_config.autoscaling_config.min_replicas, apart.max_ongoing_requests) == (0, 1)
