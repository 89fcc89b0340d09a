"""Who makes and deletes tenants: alone of all that runs it has the provisioner's password.

A request enters its job in the control database and waits there for its end; the supervisor hears of it, carries it
out, and finds what is unfinished when it starts again. Nobody calls it: what nobody has a handle to gives nothing away.
"""

import asyncio
from collections.abc import Callable

import structlog

from schemas.backends import Backends
from schemas.settings import Settings
from storage.postgres.jobs import JobSupersededError
from telemetry.backoff import Backoff
from telemetry.failpoints import refuse
from tenancy.tenant_export import TenantEnds
from tenancy.tenant_life import LifeTools, LifeWork

_TIDY_SECONDS = 3_600.0
_FIRST_WAIT_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 30.0
_ERROR_CHARS_MAX = 500

ActorsFactory = Callable[[Backends, Settings], TenantEnds]

log = structlog.get_logger()


class LifeSupervisor:
    """Carries out each job once at a time, and again until it is done; made on the loop on which it works."""

    def __init__(self, backends: Backends, settings: Settings, password: str, actors: ActorsFactory) -> None:
        self._work = LifeWork(LifeTools(backends, settings, password, actors(backends, settings)))
        self._jobs = self._work.jobs
        self._running: dict[str, asyncio.Task[None]] = {}
        loop = asyncio.get_running_loop()
        self._life = (loop.create_task(self._listen()), loop.create_task(self._tidy()))

    def _start(self, job_id: str) -> None:
        if job_id not in self._running:
            task = self._running[job_id] = asyncio.create_task(self._until_done(job_id))
            task.add_done_callback(lambda _: self._running.pop(job_id, None))

    async def _until_done(self, job_id: str) -> None:
        backoff = Backoff(_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS)
        while True:
            try:
                job = await self._jobs.one(job_id)
                if job is not None:
                    refuse("life_job", job.tenant_id)
                    await self._work.carry_out(job_id)
            except JobSupersededError:
                log.info("life_job_superseded", job_id=job_id)
                return
            except Exception as error:
                # Whatever it is may pass: a server that is away, a full disk. What is done stays done.
                log.exception("life_step_failed", job_id=job_id)
                await self._note(job_id, error)
                await backoff.wait()
            else:
                return

    async def _note(self, job_id: str, error: Exception) -> None:
        try:
            await self._jobs.note_failure(job_id, f"{type(error).__name__}: {error}"[:_ERROR_CHARS_MAX])
        except Exception as second:  # noqa: BLE001 - the control database is what is away
            log.warning("life_failure_not_noted", error=repr(second))

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
                log.warning("life_jobs_unheard", error=repr(error))
            await backoff.wait()

    async def _tidy(self) -> None:
        while True:
            try:
                await self._jobs.forget_secrets()
            except Exception as error:  # noqa: BLE001 - it tidies again
                log.warning("life_secrets_kept", error=repr(error))
            await asyncio.sleep(_TIDY_SECONDS)
