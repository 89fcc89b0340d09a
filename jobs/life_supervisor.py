"""Who makes and deletes tenants: one detached actor, which alone of all that runs has the provisioner's password.

A request enters its job in the control database, then asks this actor to carry it out; if the actor is away or dies,
it finds the job when it starts again, and whoever asked asks again. It is started by a deployment, which hands it the
password, and restarted by Ray for ever. It never leaves: nobody on a request's path could start it.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import ray
import structlog
from ray.exceptions import RayActorError, RayTaskError

from schemas.backends import Backends
from schemas.settings import Settings
from schemas.tenant_problems import LifeUnavailable
from storage.postgres.connect import Databases
from storage.postgres.jobs import JobRecord, Jobs, JobSupersededError
from telemetry.backoff import Backoff
from telemetry.logs import configure_logs
from tenancy.tenant_export import TenantEnds
from tenancy.tenant_life import LifeTools, LifeWork

_NAME = "lives"
_LOOK_SECONDS = 60.0
_FIRST_WAIT_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 30.0
_ERROR_CHARS_MAX = 500
_RETRY_SECONDS = 0.3
_RETRY_AFTER_SECONDS = 2

ActorsFactory = Callable[[Backends, Settings], TenantEnds]

log = structlog.get_logger()


class LifeSupervisor:
    """The actor: carries out each job once at a time, and again until it is done."""

    def __init__(self, backends: Backends, settings: Settings, password: str, actors: ActorsFactory) -> None:
        configure_logs()
        self._work = LifeWork(LifeTools(backends, settings, password, actors(backends, settings)))
        self._running: dict[str, asyncio.Task[None]] = {}
        # Ray runs the constructor on the actor's loop.
        self._life = asyncio.get_running_loop().create_task(self._live())

    async def begun(self) -> None:
        """Answer when the actor is there."""

    async def carry_out(self, job_id: str) -> None:
        """Answer when a job has ended."""
        await asyncio.shield(self.start(job_id))

    def start(self, job_id: str) -> "asyncio.Task[None]":
        """Have a job carried out, if it is not yet."""
        task = self._running.get(job_id)
        if task is None:
            task = self._running[job_id] = asyncio.create_task(self._until_done(job_id))
            task.add_done_callback(lambda _: self._running.pop(job_id, None))
        return task

    async def _until_done(self, job_id: str) -> None:
        backoff = Backoff(_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS)
        while True:
            try:
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
            await self._work.jobs.note_failure(job_id, f"{type(error).__name__}: {error}"[:_ERROR_CHARS_MAX])
        except Exception as second:  # noqa: BLE001 - the control database is what is away
            log.warning("life_failure_not_noted", error=repr(second))

    async def _live(self) -> None:
        """Take up what is unfinished, at the start and where a request died before it could ask."""
        older_than_seconds = 0.0
        while True:
            try:
                for job_id in await self._work.jobs.unfinished(older_than_seconds=older_than_seconds):
                    self.start(job_id)
                await self._work.jobs.forget_secrets()
                older_than_seconds = _LOOK_SECONDS
            except Exception as error:  # noqa: BLE001 - it looks again
                log.warning("life_jobs_unknown", error=repr(error))
            await asyncio.sleep(_LOOK_SECONDS if older_than_seconds else _FIRST_WAIT_SECONDS)


def start_life_supervisor(backends: Backends, settings: Settings, password: str, actors: ActorsFactory) -> Any:
    """End a supervisor of older code, and start one; give it."""
    try:
        ray.kill(ray.get_actor(_NAME, settings.ray_namespace))
    except ValueError:
        log.debug("no_supervisor")
    options = {"name": _NAME, "namespace": settings.ray_namespace, "lifetime": "detached", "get_if_exists": True}
    starter = ray.remote(LifeSupervisor).options(**options, max_restarts=-1, num_cpus=0)
    return starter.remote(backends, settings, password, actors)


class LifeJobs:
    """What a replica says to the supervisor, which it can neither start nor be."""

    def __init__(self, databases: Databases, settings: Settings) -> None:
        self._jobs = Jobs(databases.control())
        self._settings = settings

    async def carry_out(self, job: JobRecord) -> JobRecord:
        """Answer when a job has ended.

        Raises:
            LifeUnavailable: it has not within `create_seconds`; it goes on.
        """
        try:
            async with asyncio.timeout(self._settings.tenants.create_seconds):
                while job.finished_at is None:
                    try:
                        await self._actor().carry_out.remote(job.job_id)
                    except (RayActorError, RayTaskError, ValueError) as error:
                        log.warning("life_supervisor_away", error=repr(error))
                        await asyncio.sleep(_RETRY_SECONDS)
                    job = await self._jobs.one(job.job_id) or job
                return job
        except TimeoutError as error:
            raise LifeUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from error

    async def begin(self, job: JobRecord) -> None:
        """Have a job carried out, without waiting; if the supervisor is away, it finds it by itself."""
        try:
            self._actor().carry_out.remote(job.job_id)
        except (RayActorError, ValueError) as error:
            log.warning("life_supervisor_away", error=repr(error))

    def _actor(self) -> Any:
        return ray.get_actor(_NAME, self._settings.ray_namespace)
