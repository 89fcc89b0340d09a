"""Who trains and exports: a deployment of one replica, which hears of jobs, carries them out, and asks for what is due.

A request enters its job in the control database; the supervisor hears of it, and finds what is unfinished when it
starts again. Trainings are jobs of Ray, which go on while it is away.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

import structlog

from jobs.lake_environment import lake_environment
from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_jobs import LearningDetail, LearningJobKind
from schemas.settings import Settings
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.jobs import JobSupersededError
from telemetry.backoff import Backoff
from telemetry.clock import utc_now
from telemetry.logs import configure_logs

_FIRST_WAIT_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 30.0
_TRIES_MAX = 6
_AT_ONCE = 2
_ERROR_CHARS_MAX = 500
_JITTER_SHARE = 0.1
"""Tenants that were made together are not all exported together."""

_Wanted = tuple[LearningJobKind, TenantId | None, LearningDetail, datetime]

log = structlog.get_logger()


class LearningSupervisor:
    """The deployment: carries out each job once at a time, a few side by side."""

    def __init__(self, known: Callable[[], tuple[Backends, Settings]]) -> None:
        # Here and not above: whoever describes the deployment needs nothing of all that.
        from jobs.learning_work import LearningWork  # noqa: PLC0415

        configure_logs()
        backends, settings = known()
        self._settings = settings
        self._work = LearningWork(backends, settings, lake_environment(settings.lake_address))
        self._jobs = self._work.jobs
        self._hours = {
            LearningJobKind.LAKE_EXPORT: settings.lake.export_hours,
            LearningJobKind.RETRAIN: settings.learning.retrain_hours,
        }
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._running: dict[str, asyncio.Task[None]] = {}
        # Serve runs the constructor on the replica's loop.
        loop = asyncio.get_running_loop()
        self._life = (loop.create_task(self._listen()), loop.create_task(self._tick()))

    def _start(self, job_id: str) -> None:
        if job_id not in self._running:
            task = self._running[job_id] = asyncio.create_task(self._until_done(job_id))
            task.add_done_callback(lambda _: self._running.pop(job_id, None))

    async def _until_done(self, job_id: str) -> None:
        backoff = Backoff(_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS)
        tries = 0
        while True:
            try:
                async with self._gate:
                    await self._work.carry_out(job_id)
            except JobSupersededError:
                log.info("learning_job_superseded", job_id=job_id)
                return
            except Exception as error:
                # Whatever it is may pass: a server that is away, a full disk. What is done stays done.
                log.exception("learning_step_failed", job_id=job_id)
                tries += not isinstance(error, CONNECTION_LOST)
                if await self._is_given_up(job_id, error, tries):
                    return
                await backoff.wait()
            else:
                return

    async def _is_given_up(self, job_id: str, error: Exception, tries: int) -> bool:
        """Note why a job is tried again, or end it after many tries."""
        said = f"{type(error).__name__}: {error}"[:_ERROR_CHARS_MAX].replace("\0", "")
        try:
            await self._jobs.note_failure(job_id, said)
            job = await self._jobs.one(job_id)
            if job is None or job.finished_at is not None:
                return True
            if tries < _TRIES_MAX:
                return False
            await self._jobs.finish(job, said)
        except Exception as second:  # noqa: BLE001 - the control database is what is away
            log.warning("learning_failure_not_noted", error=repr(second))
            return False
        return True

    async def _listen(self) -> None:
        backoff = Backoff()
        while True:
            try:
                async for entered in self._jobs.entered():
                    # The first, which is none, says that from here on none is missed: what came before is looked up.
                    for job_id in [entered] if entered else await self._jobs.unfinished():
                        self._start(job_id)
                    backoff.reset()
            except Exception as error:  # noqa: BLE001 - it listens again
                log.warning("learning_jobs_unheard", error=repr(error))
            await backoff.wait()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._settings.learning.tick_seconds * random.uniform(0.8, 1.2))  # noqa: S311 - jitter
            try:
                await self._work.register_candidates()
                await self._ask_for_what_is_due()
            except Exception as error:  # noqa: BLE001 - it looks again
                log.warning("learning_tick_failed", error=repr(error))

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
