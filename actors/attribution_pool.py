"""The shared attribution pool: a Serve deployment without a route, used by every tenant's actor.

It holds no credentials and reads nothing: conversions come with their candidate touches, results go back.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog
from ray import serve

from actors.case_limit import CaseLimit
from actors.pool_calls import POOL_DEPLOYMENT, pack_answers, unpack_call
from attribution.decide import attribute
from attribution.fraud.settle import settle
from attribution.origins import origin_of
from attribution.result_records import result_record
from schemas.policy import Policy
from schemas.results import AttributionFailure, AttributionOutcome, AttributionResult, RecordedOutcome
from schemas.settings import PoolSettings
from schemas.touchpoints import ConversionCase, Origin
from schemas.working_parts import ReplicaLoad
from telemetry.clock import utc_now
from telemetry.failpoints import hang, refuse
from telemetry.heap import settle_heap

_NICENESS = 5
"""Taking events goes before attributing them: results are due within seconds, acknowledgements within milliseconds."""

log = structlog.get_logger()


class AttributionPool:
    """Attributes batches of conversions."""

    def __init__(self, case_seconds: float) -> None:
        """Get ready for calls; a case may take so long."""
        self._limit = CaseLimit(case_seconds)
        # Serve asks on the loop whether it lives and has room: one that is deciding has an answer, too.
        self._thread = ThreadPoolExecutor(1, initializer=os.nice, initargs=(_NICENESS,))
        self._begun_at = utc_now()
        self._calls_open = self._decided = 0
        settle_heap()

    async def attribute(self, packed: list[bytes], policy: bytes) -> list[bytes]:
        """Attribute cases as `actors.pool_calls` packs them; results are in the order of the cases."""
        return await self._off_loop(list, packed, policy)

    async def decide(self, packed: list[bytes], policy: bytes) -> list[bytes]:
        """Do the same, with results as they are recorded."""
        return await self._off_loop(recorded, packed, policy)

    async def load(self) -> ReplicaLoad:
        """Say how much there is to do, and how much was done."""
        return ReplicaLoad(os.getpid(), self._begun_at, self._calls_open, self._decided)

    async def _off_loop(
        self, form: Callable[[list[AttributionOutcome]], Sequence[object]], packed: list[bytes], policy: bytes
    ) -> list[bytes]:
        self._calls_open += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._decide, form, packed, policy)
        finally:
            self._calls_open -= 1

    def _decide(
        self, form: Callable[[list[AttributionOutcome]], Sequence[object]], packed: list[bytes], policy: bytes
    ) -> list[bytes]:
        cases, by = unpack_call(packed, policy)
        outcomes = decide(cases, by, self._limit)
        self._decided += len(outcomes)
        return pack_answers(form(outcomes))


def recorded(outcomes: Sequence[AttributionOutcome]) -> list[RecordedOutcome]:
    """Write results as they are recorded."""
    return [result_record(each) if isinstance(each, AttributionResult) else each for each in outcomes]


def decide(cases: Sequence[ConversionCase], policy: Policy, limit: CaseLimit | None = None) -> list[AttributionOutcome]:
    """Attribute each case; one that cannot be decided, or not in time, is a failure of its own and holds up no other.

    Cases stand after those from which they inherit.
    """
    inherited_from = {each for case in cases for each in case.origins if isinstance(each, str)}
    decided: dict[str, Origin] = {}
    outcomes: list[AttributionOutcome] = []
    for case in cases:
        outcome = _outcome(case, policy, decided, limit)
        if isinstance(outcome, AttributionResult) and outcome.conversion_id in inherited_from:
            decided[outcome.conversion_id] = origin_of(outcome)
        outcomes.append(outcome)
    return outcomes


def _outcome(
    case: ConversionCase, policy: Policy, decided: Mapping[str, Origin], limit: CaseLimit | None
) -> AttributionOutcome:
    conversion_id = case.conversion.conversion_id
    try:
        decide_it = partial(_decided, case, policy, decided)
        return limit.run(decide_it) if limit else decide_it()
    except Exception as error:
        log.exception("case_failed", conversion_id=conversion_id)
        return AttributionFailure(conversion_id, repr(error))


def _decided(case: ConversionCase, policy: Policy, decided: Mapping[str, Origin]) -> AttributionResult:
    refuse("pool_attribute", case.conversion.conversion_id)
    hang("pool_attribute_hangs", case.conversion.conversion_id)
    return settle(case, policy, partial(attribute, decided=decided))


def pool_application(settings: PoolSettings, labels: dict[str, str]) -> serve.Application:
    """Bind the pool, sized by settings, to run on nodes with these labels."""
    configured = serve.deployment(
        name=POOL_DEPLOYMENT,
        max_ongoing_requests=8,
        autoscaling_config={
            "min_replicas": settings.replicas_min,
            "max_replicas": settings.replicas_max,
            "target_ongoing_requests": 2,
        },
        ray_actor_options={"num_cpus": settings.replica_cpus, "label_selector": labels},
        health_check_period_s=settings.check_seconds,
    )
    return configured(AttributionPool).bind(settings.case_seconds)
