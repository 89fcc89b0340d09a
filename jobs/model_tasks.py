"""Runs computations over journeys as Ray tasks, with a deadline after which they are ended."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import ray
import structlog
from ray.exceptions import RayError, RayTaskError

from schemas.model_problems import ModelsBusy, ModelsTooLarge
from schemas.settings import ModelSettings

Result = TypeVar("Result")

log = structlog.get_logger()


class ModelTasks:
    """Starts tasks and waits for them."""

    def __init__(self, settings: ModelSettings, labels: dict[str, str] | None = None) -> None:
        """Take how they may run, and the labels of the nodes where."""
        self._settings = settings
        self._labels = labels or {}

    async def run(self, compute: Callable[..., Result], *arguments: object, **named: object) -> Result:
        """Compute in another process.

        Raises:
            ModelsTooLarge: it took longer than it may, or says so itself.
            ModelsBusy: the task was lost; it may be asked for again.
        """
        described = ray.remote(max_retries=0, num_cpus=self._settings.task_cpus, label_selector=self._labels)
        task = described(compute).remote(*arguments, **named)
        try:
            async with asyncio.timeout(self._settings.deadline_seconds):
                result: Result = await task
        except TimeoutError as error:
            ray.cancel(task, force=True)
            raise ModelsTooLarge(f"It was not computed within {self._settings.deadline_seconds:g} seconds.") from error
        except RayTaskError as error:
            if isinstance(error.cause, ValueError):
                raise ModelsTooLarge(f"It cannot be computed: {error.cause}.") from error
            raise
        except RayError as error:
            log.warning("model_task_lost", error=repr(error))
            raise ModelsBusy("The computation was lost.", retry_after_seconds=1) from error
        return result
