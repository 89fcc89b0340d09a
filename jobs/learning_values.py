"""Keeps what the serving pLTV model foretells of each tenant's installs as new as the tenant's part of the lake."""

from typing import Any

import ray
import structlog

from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.learning import ForetoldInstalls
from schemas.learning_jobs import LearningDetail, LearningJobKind
from schemas.settings import Settings
from storage.postgres.learning_jobs import LearningJobs

log = structlog.get_logger()


class LearningValues:
    """Has installs foretold by a Ray task for each tenant; `options` are the task's."""

    def __init__(self, jobs: LearningJobs, backends: Backends, settings: Settings, options: dict[str, Any]) -> None:
        self._jobs = jobs
        self._backends = backends
        self._settings = settings
        self._task = ray.remote(**options)(_foretell)

    async def renew(self, tenant_id: TenantId) -> str | None:
        """Foretell a tenant's installs anew; say what came of it, or None where no model does."""
        serving = await self._jobs.values(tenant_id)
        if serving is None:
            return None
        model_id, counting = serving.model.model_id, serving.foretold.snapshot if serving.foretold else 0
        foretold: ForetoldInstalls = await self._task.remote(
            self._backends, self._settings, tenant_id, serving.model, counting
        )
        await self._jobs.keep_values(tenant_id, model_id, foretold)
        log.info("installs_foretold", tenant=tenant_id, model_id=model_id, state=foretold.state.value)
        return f"{model_id} foretells {foretold.installs:,} installs: {foretold.state}"

    async def ask_for_missing(self) -> None:
        """Ask for an export of each tenant whose installs the serving model has not foretold: it ends with that."""
        for tenant_id in await self._jobs.unvalued():
            await self._jobs.add(LearningJobKind.LAKE_EXPORT, tenant_id, LearningDetail())


def _foretell(*arguments: Any) -> ForetoldInstalls:
    """Import what models need in the task alone: the supervisor lives for ever, and needs none of it."""
    from jobs.install_values import foretell_installs  # noqa: PLC0415

    return foretell_installs(*arguments)
