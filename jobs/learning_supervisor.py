"""Who trains and exports: a deployment of one replica, which hears of jobs, carries them out, and asks for what is due.

Trainings are jobs of Ray, which go on while it is away; it goes on listening to them when it starts again.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

import structlog

from jobs.drift_gauges import DriftGauges
from jobs.job_runner import JobRunner
from jobs.lake_environment import lake_environment
from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_jobs import LearningDetail, LearningJobKind
from schemas.settings import Settings
from telemetry.clock import utc_now
from telemetry.logs import configure_logs

_AT_ONCE = 2
_TICKS_A_MEASURE = 10
_JITTER_SHARE = 0.1
"""Tenants that were made together are not all exported together."""

_Wanted = tuple[LearningJobKind, TenantId | None, LearningDetail, datetime]

log = structlog.get_logger()


class LearningSupervisor:
    """The deployment: carries out each job once at a time, a few of each kind side by side."""

    def __init__(self, known: Callable[[], tuple[Backends, Settings]]) -> None:
        # Here and not above: whoever describes the deployment needs nothing of all that.
        from jobs.learning_work import LearningWork  # noqa: PLC0415
        from jobs.model_trials import ModelTrials  # noqa: PLC0415

        configure_logs()
        backends, settings = known()
        self._settings = settings
        trial = ModelTrials(settings.learning).load
        self._work = LearningWork(backends, settings, lake_environment(settings.lake_address), trial)
        self._jobs = self._work.jobs
        self._drift = DriftGauges()
        self._hours = {
            LearningJobKind.LAKE_EXPORT: settings.lake.export_hours,
            LearningJobKind.RETRAIN: settings.learning.retrain_hours,
        }
        # Each kind has its own: an export, which tells the lake that a tenant withdrew, waits for no training.
        self._gates = {kind: asyncio.Semaphore(_AT_ONCE) for kind in LearningJobKind}
        runner = JobRunner(self._jobs, self._carry_out, self._jobs.finish)
        # Serve runs the constructor on the replica's loop.
        loop = asyncio.get_running_loop()
        self._life = (loop.create_task(runner.run()), loop.create_task(self._tick()), loop.create_task(self._measure()))

    async def _carry_out(self, job_id: str) -> None:
        job = await self._jobs.one(job_id)
        if job is None:
            return
        async with self._gates[LearningJobKind(job.kind)]:
            await self._work.carry_out(job_id)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._settings.learning.tick_seconds * random.uniform(0.8, 1.2))  # noqa: S311 - jitter
            try:
                await self._work.register_candidates()
                await self._work.values.ask_for_missing()
                await self._ask_for_what_is_due()
            except Exception as error:  # noqa: BLE001 - it looks again
                log.warning("learning_tick_failed", error=repr(error))

    async def _measure(self) -> None:
        while True:
            try:
                self._drift.tell(await self._jobs.all_drift(), utc_now())
            except Exception as error:  # noqa: BLE001 - it looks again
                log.warning("drift_not_told", error=repr(error))
            await asyncio.sleep(self._settings.learning.tick_seconds * _TICKS_A_MEASURE)

    async def _ask_for_what_is_due(self) -> None:
        newest, made = await self._jobs.newest(), await self._jobs.active_tenants()
        for kind, tenant_id, detail, began in _wanted(made):
            hours = self._hours[kind] * random.uniform(1.0, 1.0 + _JITTER_SHARE)  # noqa: S311 - jitter
            asked_at = newest.get((kind, tenant_id or "", detail.model or ""), began)
            if asked_at + timedelta(hours=hours) <= utc_now():
                await self._jobs.add(kind, tenant_id, detail)


def _wanted(made: Mapping[TenantId, datetime]) -> Iterator[_Wanted]:
    """List what is done again and again, and since when it could have been: a new tenant has nothing to learn from."""
    if not made:
        return
    for tenant_id, began in made.items():
        yield LearningJobKind.LAKE_EXPORT, tenant_id, LearningDetail(), began
    # The global ones first: tenants' are fine-tuned from them.
    for scope, began in ((None, min(made.values())), *made.items()):
        for model in LearnedKind:
            yield LearningJobKind.RETRAIN, scope, LearningDetail(model=model), began
