"""Tries whether an artifact loads, before its model becomes champion: a Ray task, which has nothing but the bytes.

What loading needs takes a second to import and 100 MB, and bytes that take long or kill whoever reads them must do so
where nobody waits: not in a replica of a plane, nor in the supervisor of learning.
"""

import asyncio

import ray
import structlog
from ray.exceptions import OutOfMemoryError, RayError, WorkerCrashedError

from schemas.learning import LearnedKind
from schemas.learning_problems import LoadingUnavailable, ModelUnloadable
from schemas.learning_settings import LearningSettings

_RETRY_AFTER_SECONDS = 10

log = structlog.get_logger()


class ModelTrials:
    """Loads artifacts elsewhere."""

    def __init__(self, settings: LearningSettings) -> None:
        self._seconds = settings.trial_seconds
        # On any node, as those for long work may have to come first. Killed once, it may have been somebody else's
        # fault; killed twice, it was not.
        self._task = ray.remote(max_retries=1, num_cpus=settings.job_cpus)(refusal_of)

    async def load(self, kind: LearnedKind, artifact: bytes) -> None:
        """Load an artifact as a model of a kind, and forget it.

        Raises:
            ModelUnloadable: no model can be made of it.
            LoadingUnavailable: it was not found out in time.
        """
        trying = self._task.remote(kind, artifact)
        try:
            async with asyncio.timeout(self._seconds):
                refusal: str | None = await trying
        except TimeoutError as error:
            ray.cancel(trying, force=True)
            raise LoadingUnavailable(
                f"It was not loaded within {self._seconds:g} seconds.", retry_after_seconds=_RETRY_AFTER_SECONDS
            ) from error
        except (WorkerCrashedError, OutOfMemoryError) as error:
            raise ModelUnloadable("whatever loads it dies") from error
        except RayError as error:
            log.warning("trial_lost", error=repr(error))
            raise LoadingUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from error
        if refusal is not None:
            raise ModelUnloadable(refusal)


def refusal_of(kind: LearnedKind, artifact: bytes) -> str | None:
    """Say why an artifact is refused; None: it loads."""
    # Here alone: a plane that asks needs none of it.
    from attribution.ml.artifacts import ArtifactRefusedError, load_kind  # noqa: PLC0415

    try:
        load_kind(kind, artifact)
    except ArtifactRefusedError as refused:
        return str(refused)
    return None
