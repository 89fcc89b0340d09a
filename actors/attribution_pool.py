"""The shared attribution pool: a Serve deployment without a route, used by every tenant's actor.

It holds no credentials and reads nothing: conversions come with their candidate touches, results go back. The learned
models it is given by their keeper.

A call is decided in small pieces, and tenants take turns with theirs: one that sends thousands of conversions does not
hold up one that sends a single one. Then a learned model shares the journeys of the call out, all at once.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from ray import serve

from actors.case_limit import CaseLimit
from actors.champion_calls import Champions, RemoteChampions
from actors.crediting import Crediting, Credits
from actors.decider import Decider, recorded
from actors.fair_gate import FairGate
from actors.pool_calls import (
    APART_DEPLOYMENT,
    POOL_DEPLOYMENT,
    pack_answers,
    portions,
    unpack_cases,
    unpack_policy,
)
from actors.scoring import Scores, Scoring
from attribution.anomaly_scores import installs_of, questioned, with_score
from attribution.learned_credits import Credited, credited, journeys_of
from schemas.fraud_policy import FraudRule
from schemas.ids import TenantId
from schemas.learning_settings import LearningSettings
from schemas.results import AttributionOutcome
from schemas.settings import PoolSettings
from schemas.touchpoints import ConversionCase
from schemas.working_parts import ReplicaLoad
from telemetry.clock import utc_now
from telemetry.heap import settle_heap

_NICENESS = 5
"""Taking events goes before attributing them: results are due within seconds, acknowledgements within milliseconds."""

Done = TypeVar("Done")
Form = Callable[[Sequence[AttributionOutcome]], Sequence[object]]


class AttributionPool:
    """Attributes batches of conversions."""

    def __init__(self, champions: Champions, settings: PoolSettings, learning: LearningSettings) -> None:
        """Get ready for calls; take whom to ask for learned models."""
        self._limit = CaseLimit(settings.case_seconds)
        # Serve asks on the loop whether it lives and has room: one that is deciding has an answer, too.
        self._thread = ThreadPoolExecutor(1, initializer=os.nice, initargs=(_NICENESS,))
        self._begun_at = utc_now()
        self._calls_open = self._decided = 0
        self._gate = FairGate()
        self._deadline_seconds = learning.deadline_seconds
        self._scoring = Scoring(champions, _loaded_anomaly, learning)
        self._crediting = Crediting(champions, _loaded_conversion, learning)
        # Serve runs the constructor on the replica's loop.
        loop = asyncio.get_running_loop()
        self._learned = (self._scoring.champions, self._crediting.champions)
        self._following = [loop.create_task(each.follow()) for each in self._learned]
        settle_heap()

    async def attribute(self, tenant_id: TenantId, packed: Sequence[bytes], policy: bytes) -> list[bytes]:
        """Attribute a tenant's cases as `actors.pool_calls` packs them; results are in the order of the cases."""
        return await self._answer(list, tenant_id, packed, policy)

    async def decide(self, tenant_id: TenantId, packed: Sequence[bytes], policy: bytes) -> list[bytes]:
        """Do the same, with results as they are recorded."""
        return await self._answer(recorded, tenant_id, packed, policy)

    async def load(self) -> ReplicaLoad:
        """Say how much there is to do, and how much was done."""
        return ReplicaLoad(os.getpid(), self._begun_at, self._calls_open, self._decided)

    def check_health(self) -> None:
        """Serve asks this again and again.

        Raises:
            EvaluationStuckError: it is to be replaced.
        """
        for each in self._learned:
            each.check()

    async def _answer(self, form: Form, tenant_id: TenantId, packed: Sequence[bytes], policy: bytes) -> list[bytes]:
        self._calls_open += 1
        try:
            return await self._decide(form, tenant_id, packed, policy)
        finally:
            self._calls_open -= 1

    async def _decide(self, form: Form, tenant_id: TenantId, packed: Sequence[bytes], policy: bytes) -> list[bytes]:
        turn = partial(self._in_turn, tenant_id)
        by_policy = unpack_policy(policy)
        decider = Decider(by_policy, self._limit)
        cases: list[ConversionCase] = []
        outcomes: list[AttributionOutcome] = []
        for portion in packed:
            read, decided = await turn(_decided, decider, portion)
            cases += read
            outcomes += decided
        self._decided += len(outcomes)
        # One deadline for all that is learned. Scores get half of it, so that slow ones do not cost the credits.
        now = asyncio.get_running_loop().time()
        halfway, until = (now + part * self._deadline_seconds for part in (0.5, 1.0))
        scores = await self._scoring.of(tenant_id, partial(turn, installs_of, cases, outcomes), halfway)
        if scores and by_policy.fraud.runs(FraudRule.ANOMALY):
            again = questioned(cases, scores)
            decided_again: dict[str, AttributionOutcome] = {}
            for few in portions(list(again.values())):
                decided_again |= {each.conversion_id: each for each in await turn(decider.decide, few)}
            outcomes = [decided_again.get(each.conversion_id, each) for each in outcomes]
        outcomes = [with_score(each, scores) for each in outcomes]
        by = await self._crediting.of(tenant_id, partial(turn, journeys_of, outcomes), until)
        return [await turn(_packed, form, by, portion) for portion in portions(outcomes)]

    async def _in_turn(self, tenant_id: TenantId, work: Callable[..., Done], *arguments: Any) -> Done:
        """Do a piece of work off the loop when it is the tenant's turn."""
        async with self._gate.turn(tenant_id):
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)


def _decided(decider: Decider, packed: bytes) -> tuple[Sequence[ConversionCase], list[AttributionOutcome]]:
    cases = unpack_cases(packed)
    return cases, decider.decide(cases)


def _packed(form: Form, by: Credited, outcomes: Sequence[AttributionOutcome]) -> bytes:
    return pack_answers(form([credited(outcome, by) for outcome in outcomes]))


def _loaded_conversion(artifact: bytes) -> Credits:
    # What it needs takes a second to import and 100 MB: a pool without models has neither; so with the other kind.
    from attribution.ml.artifacts import load_as  # noqa: PLC0415
    from attribution.ml.conversion import ConversionModel  # noqa: PLC0415

    return load_as(ConversionModel, artifact)


def _loaded_anomaly(artifact: bytes) -> Scores:
    from attribution.ml.anomaly import AnomalyModel  # noqa: PLC0415
    from attribution.ml.artifacts import load_as  # noqa: PLC0415

    return load_as(AnomalyModel, artifact)


def pool_application(settings: PoolSettings, learning: LearningSettings, labels: dict[str, str]) -> serve.Application:
    """Bind the pool, sized by settings, to nodes with these labels."""
    configured = serve.deployment(
        name=POOL_DEPLOYMENT,
        max_ongoing_requests=settings.requests_ongoing_max,
        autoscaling_config={
            "min_replicas": settings.replicas_min,
            "max_replicas": settings.replicas_max,
            "target_ongoing_requests": settings.requests_ongoing_target,
            "upscale_delay_s": settings.upscale_seconds,
            "downscale_delay_s": settings.downscale_seconds,
        },
        ray_actor_options={"num_cpus": settings.replica_cpus, "label_selector": labels},
        health_check_period_s=settings.check_seconds,
    )
    return configured(AttributionPool).bind(RemoteChampions(learning.deadline_seconds), settings, learning)


def apart_application(settings: PoolSettings, learning: LearningSettings, labels: dict[str, str]) -> serve.Application:
    """Bind the replica that decides one call at a time, and is there only while somebody needs it."""
    configured = serve.deployment(
        name=APART_DEPLOYMENT,
        # Whoever has it killed, nobody else was there.
        max_ongoing_requests=1,
        autoscaling_config={
            "min_replicas": 0,
            "max_replicas": 1,
            "target_ongoing_requests": 1,
            "downscale_delay_s": settings.downscale_seconds,
        },
        ray_actor_options={"num_cpus": settings.replica_cpus, "label_selector": labels},
        health_check_period_s=settings.check_seconds,
    )
    return configured(AttributionPool).bind(RemoteChampions(learning.deadline_seconds), settings, learning)
