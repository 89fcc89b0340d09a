"""Trainings as jobs of Ray: submitted once under an id of ours, found again by it, and listened to.

The client is synchronous, so it works on threads. A job gets no secret but what opens the lake: not the cluster's
either, which every process of Ray finds in its environment anyway.
"""

import asyncio
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from shlex import join
from typing import Any

from ray.job_submission import JobErrorType, JobStatus, JobSubmissionClient

_ENDED = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.STOPPED})
_LOST = frozenset(
    {
        JobErrorType.JOB_SUPERVISOR_ACTOR_DIED,
        JobErrorType.JOB_SUPERVISOR_ACTOR_START_FAILURE,
        JobErrorType.JOB_SUPERVISOR_ACTOR_START_TIMEOUT,
        JobErrorType.JOB_SUPERVISOR_ACTOR_UNKNOWN_FAILURE,
    }
)
"""Whoever ran the training is gone, with its node or alone: that says nothing about the training."""
_KILLED = 128
"""From there on a shell says that a signal ended what it ran, where the system itself says so by a negative code."""
_SERVER_FAILED = re.compile(r"status code 5\d\d\b")


@dataclass(frozen=True, slots=True)
class TrainingLook:
    """A training as it is now: whether it has ended and how, what Ray says of it, and its whole log by lines.

    `is_lost` where it ended with whoever ran it, and might succeed elsewhere.
    """

    has_ended: bool
    has_succeeded: bool
    is_lost: bool
    message: str
    lines: list[str]


def _was_killed(exit_code: int | None) -> bool:
    """Say whether a signal ended the training's own process: a machine without memory sends one."""
    return exit_code is not None and not 0 <= exit_code <= _KILLED


@contextmanager
def _told_apart() -> Iterator[None]:
    """Tell what passes from what does not: the client has one error for all, and 5xx says that it may go well later."""
    try:
        yield
    except RuntimeError as error:
        if _SERVER_FAILED.search(str(error)):
            raise ConnectionError(str(error)) from error
        raise


class TrainingJobs:
    """Submits trainings to the cluster's job API, and looks at them.

    `lake_environment` is what opens the lake. All raise ConnectionError where the API is away, and RuntimeError where
    it refuses what is asked.
    """

    def __init__(self, address: str, lake_environment: Mapping[str, str], cpus: float) -> None:
        self._address = address
        self._lake_environment = dict(lake_environment)
        self._cpus = cpus
        self._client: JobSubmissionClient | None = None

    async def submit(self, job_id: str, arguments: list[str]) -> bool:
        """Submit a training, unless there is one of this id; say whether it was."""
        return await asyncio.to_thread(self._submit, job_id, arguments)

    async def look(self, job_id: str) -> TrainingLook:
        """Look at a training."""
        return await asyncio.to_thread(self._look, job_id)

    @_told_apart()
    def _submit(self, job_id: str, arguments: list[str]) -> bool:
        client = self._connected()
        if any(each.submission_id == job_id for each in client.list_jobs()):
            return False
        client.submit_job(
            # Ray would run a bare `python` by the PATH that it was itself started with.
            entrypoint=join([sys.executable, "-m", "jobs.retrain", *arguments]),
            submission_id=job_id,
            runtime_env={"env_vars": self._lake_environment},
            entrypoint_num_cpus=self._cpus,
        )
        return True

    @_told_apart()
    def _look(self, job_id: str) -> TrainingLook:
        client = self._connected()
        info: Any = client.get_job_info(job_id)
        is_lost = info.error_type in _LOST or _was_killed(info.driver_exit_code)
        # The state first: of an ended job the log is whole.
        lines = client.get_job_logs(job_id).splitlines()
        return TrainingLook(
            has_ended=info.status in _ENDED,
            has_succeeded=info.status == JobStatus.SUCCEEDED,
            is_lost=info.status == JobStatus.FAILED and is_lost,
            message=info.message or "",
            lines=lines,
        )

    def _connected(self) -> JobSubmissionClient:
        if self._client is None:
            self._client = JobSubmissionClient(self._address)
        return self._client
