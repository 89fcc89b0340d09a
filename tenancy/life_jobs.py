"""How whoever asked for a job of a tenant's life learns that it has ended: from the control database alone.

Nobody on a request's path talks to the supervisor: a handle to it would bring along what it was started with.
"""

import asyncio

from schemas.tenant_problems import LifeUnavailable
from storage.postgres.connect import Database
from storage.postgres.jobs import JobRecord, Jobs

_LOOK_SECONDS = 0.05
_RETRY_AFTER_SECONDS = 2


class LifeJobs:
    """Waits for jobs."""

    def __init__(self, control: Database, wait_seconds: float) -> None:
        self._jobs = Jobs(control)
        self._wait_seconds = wait_seconds

    async def ended(self, job: JobRecord) -> JobRecord:
        """Give the job as it is when it has ended.

        Raises:
            LifeUnavailable: it has not in time; it goes on.
        """
        try:
            async with asyncio.timeout(self._wait_seconds):
                while job.finished_at is None:
                    await asyncio.sleep(_LOOK_SECONDS)
                    job = await self._jobs.one(job.job_id) or job
                return job
        except TimeoutError as error:
            raise LifeUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from error
