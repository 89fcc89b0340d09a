"""Hears of jobs, and carries each out once at a time, again and again until it is done.

A request enters its job in the control database; the runner hears of it, and finds what is unfinished when it starts.
Nobody calls it: what nobody has a handle to gives nothing away.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from schemas.learning_problems import LakeUnavailable
from storage.clickhouse.connect import StoreAwayError
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.jobs import JobRecord, Jobs, JobSupersededError
from telemetry.backoff import Backoff

_FIRST_WAIT_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 30.0
_TRIES_MAX = 6
_ERROR_CHARS_MAX = 500
_PASSING = (StoreAwayError, LakeUnavailable, *CONNECTION_LOST)
"""Something is away, which says nothing about the job."""

CarryOut = Callable[[str], Awaitable[None]]
GiveUp = Callable[[JobRecord, str], Awaitable[None]]

log = structlog.get_logger()


class JobRunner:
    """Runs the jobs of one channel."""

    def __init__(self, jobs: Jobs, carry_out: CarryOut, give_up: GiveUp | None = None) -> None:
        """Take what does a job of an id, and what ends one that fails again and again; without, it is tried for ever.

        Failures because something is away count for nothing.
        """
        self._jobs = jobs
        self._carry_out = carry_out
        self._give_up = give_up
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Hear of jobs and run them, for ever."""
        backoff = Backoff()
        while True:
            try:
                async for entered in self._jobs.entered():
                    # The first, which is none, says that from here on none is missed: what came before is looked up.
                    for job_id in [entered] if entered else await self._jobs.unfinished():
                        self._start(job_id)
                    backoff.reset()
            except Exception as error:  # noqa: BLE001 - it listens again
                log.warning("jobs_unheard", channel=self._jobs.channel, error=repr(error))
            await backoff.wait()

    def _start(self, job_id: str) -> None:
        if job_id not in self._running:
            task = self._running[job_id] = asyncio.create_task(self._until_done(job_id))
            task.add_done_callback(lambda _: self._running.pop(job_id, None))

    async def _until_done(self, job_id: str) -> None:
        backoff = Backoff(_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS)
        tries = 0
        while True:
            try:
                await self._carry_out(job_id)
            except JobSupersededError:
                log.info("job_superseded", job_id=job_id)
                return
            except Exception as error:
                # Whatever it is may pass: a server that is away, a full disk. What is done stays done.
                log.exception("job_step_failed", job_id=job_id)
                tries += not isinstance(error, _PASSING)
                if await self._is_over(job_id, error, tries):
                    return
                await backoff.wait()
            else:
                return

    async def _is_over(self, job_id: str, error: Exception, tries: int) -> bool:
        """Note why a job is tried again, or end it after many tries."""
        said = f"{type(error).__name__}: {error}"[:_ERROR_CHARS_MAX].replace("\0", "")
        try:
            await self._jobs.note_failure(job_id, said)
            job = await self._jobs.one(job_id)
            if job is None or job.finished_at is not None:
                return True
            if self._give_up is None or tries < _TRIES_MAX:
                return False
            await self._give_up(job, said)
        except Exception as second:  # noqa: BLE001 - the control database is what is away
            log.warning("job_failure_not_noted", error=repr(second))
            return False
        return True
