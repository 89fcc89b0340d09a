"""Who makes and deletes tenants: alone of all that runs it has the provisioner's password.

A request enters its job in the control database and waits there for its end; see `jobs.job_runner`.
"""

import asyncio
from collections.abc import Callable

import structlog

from jobs.job_runner import JobRunner
from schemas.backends import Backends
from schemas.settings import Settings
from telemetry.failpoints import refuse
from tenancy.tenant_export import TenantEnds
from tenancy.tenant_life import LifeTools, LifeWork

_TIDY_SECONDS = 3_600.0

ActorsFactory = Callable[[Backends, Settings], TenantEnds]

log = structlog.get_logger()


class LifeSupervisor:
    """A part of the overseer; made on the loop on which it works."""

    def __init__(self, backends: Backends, settings: Settings, password: str, actors: ActorsFactory) -> None:
        self._work = LifeWork(LifeTools(backends, settings, password, actors(backends, settings)))
        self._jobs = self._work.jobs
        loop = asyncio.get_running_loop()
        runner = JobRunner(self._jobs, self._carry_out)
        self._life = (loop.create_task(runner.run()), loop.create_task(self._tidy()))

    async def _carry_out(self, job_id: str) -> None:
        job = await self._jobs.one(job_id)
        if job is not None:
            refuse("life_job", job.tenant_id)
            await self._work.carry_out(job_id)

    async def _tidy(self) -> None:
        while True:
            try:
                await self._jobs.forget_secrets()
            except Exception as error:  # noqa: BLE001 - it tidies again
                log.warning("life_secrets_kept", error=repr(error))
            await asyncio.sleep(_TIDY_SECONDS)
