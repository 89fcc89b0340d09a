"""Judges challengers by what came since, and keeps how the serving models drift: after each export of a tenant."""

from typing import Any

import ray
import structlog

from attribution.ml.judgement import Outcome, Shadow, Verdict, judge_shadow
from jobs.learning_views import Seen, Watched
from schemas.ids import TenantId
from schemas.learning import LearnedState
from schemas.learning_problems import ArtifactMissing, LoadingUnavailable, ModelUnloadable
from schemas.settings import Settings
from storage.postgres.learned_models import LearnedModelRecord, LearnedModels
from storage.postgres.learning_jobs import LearningJobs
from tenancy.champions import Promotions

CHALLENGERS_MAX = 3
"""So many newest challengers of a scope are watched; an older one is superseded."""

_SUPERVISOR = "supervisor"

log = structlog.get_logger()


class LearningShadows:
    """Watches models by a Ray task for each tenant; `options` are the task's."""

    def __init__(
        self,
        jobs: LearningJobs,
        models: LearnedModels,
        promotions: Promotions,
        settings: Settings,
        options: dict[str, Any],
    ) -> None:
        self._jobs = jobs
        self._models = models
        self._promotions = promotions
        self._settings = settings
        self._task = ray.remote(**options)(_watch)

    async def observe(self, tenant_id: TenantId) -> list[str]:
        """Watch the models that concern a tenant; give what was decided of its own, which is all that it may read."""
        watched = await self._watched(tenant_id)
        if not watched:
            return []
        seen: Seen = await self._task.remote(self._settings.lake_address, tenant_id, watched, self._settings.learning)
        for kind, document in seen.drifts.items():
            await self._jobs.keep_drift(tenant_id, kind, document)
        champion_ids = {of.model_id: each.champion.model_id for each in watched for of in each.challengers}
        said = [
            await self._decide(model_id, champion_ids[model_id], tenant_id, shadow, seen.unread.get(model_id))
            for model_id, shadow in seen.shadows.items()
        ]
        return [each for each in said if each]

    async def _watched(self, tenant_id: TenantId) -> list[Watched]:
        champions = [each for each in await self._models.champions() if each.tenant_id in {None, tenant_id}]
        return [Watched(each.document, tuple(await self._challengers(each))) for each in champions]

    async def _challengers(self, champion: LearnedModelRecord) -> list[Any]:
        kind, tenant_id = champion.document.kind, champion.tenant_id
        found = await self._models.of_scope(kind, tenant_id, LearnedState.CHALLENGER)
        for superseded in found[CHALLENGERS_MAX:]:
            await self._models.set_aside(superseded.model_id, LearnedState.RETIRED)
        return [each.document for each in found[:CHALLENGERS_MAX]]

    async def _decide(
        self, model_id: str, champion_id: str, tenant_id: TenantId, shadow: Shadow, unread: str | None
    ) -> str | None:
        """Put what one tenant's rows say in the place of what they said before, and judge by those of all.

        They say nothing where `unread` says why.
        """
        record = await self._models.one(model_id)
        sums = [shadow.rows, shadow.difference, shadow.difference_squared, shadow.champion_loss]
        found = await self._models.add_to_shadow(model_id, champion_id, tenant_id, sums if shadow.rows else None)
        if record is None or found is None:
            return None
        learning = self._settings.learning
        verdict, together = judge_shadow(
            (Shadow(int(rows), *rest) for rows, *rest in found.values()),
            learning.shadow_rows_min,
            learning.promote_margin,
        )
        interval = together.interval() if together.rows else (None, None, None)
        told = dict(zip(("difference", "low", "high"), interval, strict=True))
        await self._models.tell_in_shadow(model_id, told | {"rows": together.rows, "verdict": unread or verdict.reason})
        if verdict.outcome is Outcome.PROMOTE:
            verdict = await self._promoted(model_id, champion_id, verdict)
            # Nothing happens to what is champion now.
            await self._models.tell_in_shadow(model_id, {"verdict": verdict.reason})
        if verdict.outcome is Outcome.REFUSE:
            await self._models.set_aside(model_id, LearnedState.REFUSED)
        reason = unread or verdict.reason
        log.info("challenger_judged", model_id=model_id, outcome=verdict.outcome.value, reason=reason)
        return f"{model_id}: {verdict.outcome}, {reason}" if record.tenant_id == tenant_id else None

    async def _promoted(self, model_id: str, champion_id: str, verdict: Verdict) -> Verdict:
        """Promote who has won; give what is decided instead where it cannot serve, or nobody knows whether it can."""
        reason = verdict.reason
        try:
            await self._promotions.promote(model_id, by=_SUPERVISOR, reason=reason, instead_of=champion_id)
        except (ArtifactMissing, ModelUnloadable) as refused:
            return Verdict(Outcome.REFUSE, f"{reason}; but {refused.detail}")
        except LoadingUnavailable as unknown:
            return Verdict(Outcome.WAIT, f"{reason}; it is tried again at the next export: {unknown.detail}")
        return verdict


def _watch(*arguments: Any) -> Seen:
    """Import what models need in the task alone: the supervisor lives for ever, and needs none of it."""
    from jobs.learning_watch import watch  # noqa: PLC0415

    return watch(*arguments)
