"""Learned models as the planes show them: to operators all, to a tenant its own and what serves it."""

from typing import Any

from starlette.requests import Request

from schemas.ids import TenantId
from schemas.learning import LearnedState
from schemas.learning_jobs import LearningDetail, LearningJobKind
from schemas.learning_problems import LearnedModelUnknown, LearningUnderWay
from serve_apps.learned_answers import (
    Drift,
    LearnedModelShown,
    LearnedModelWithHistory,
    NewRetrain,
    PlatformModel,
    PlatformModelWithHistory,
    PromotionShown,
    ShadowShown,
    StandInShown,
)
from serve_apps.services import services_of
from storage.postgres.jobs import JobRecord
from storage.postgres.learned_models import LearnedModelRecord, LearnedModels, Promotion
from storage.postgres.learning_jobs import DriftRecord, LearningJobs
from tenancy.champions import Promotions

_SHADOW_FIELDS = ("rows", "difference", "low", "high", "verdict")


def shown_to_tenant(record: LearnedModelRecord) -> LearnedModelShown:
    """Write a model down for a tenant: of a global one nothing that tells of other tenants."""
    fields = _fields(record)
    if record.tenant_id is None:
        fields |= {"rows": None, "first_day": None, "last_day": None, "shadow": None}
    return LearnedModelShown(**fields)


def shown_to_operator(record: LearnedModelRecord) -> PlatformModel:
    """Write a model down for operators."""
    return PlatformModel(**_fields(record), **_operator_fields(record))


async def with_history(models: LearnedModels, record: LearnedModelRecord) -> PlatformModelWithHistory:
    """Write a model down for operators, with the history of its scope."""
    history = await _history(models, record)
    return PlatformModelWithHistory(**_fields(record), **_operator_fields(record), history=history)


async def own_with_history(models: LearnedModels, record: LearnedModelRecord) -> LearnedModelWithHistory:
    """Write a model down for a tenant, with the history of its own scope."""
    history = [] if record.tenant_id is None else await _history(models, record)
    return LearnedModelWithHistory(**shown_to_tenant(record).model_dump(), history=history)


def promotions_of(request: Request) -> Promotions:
    """Give whoever promotes models of the registry, and rolls back."""
    services = services_of(request)
    return Promotions(LearnedModels(services.databases.control()), services.settings, services.trials.load)


async def model_for_tenant(
    models: LearnedModels, model_id: str, tenant_id: TenantId, *, to_change: bool = False
) -> LearnedModelRecord:
    """Find a model that a tenant may see: its own, or (not to change it) a global champion.

    Raises:
        LearnedModelUnknown: there is none, or it is another's.
    """
    record = await models.one(model_id)
    if record is None:
        raise LearnedModelUnknown
    is_serving = record.tenant_id is None and record.state is LearnedState.CHAMPION
    if record.tenant_id == tenant_id or (is_serving and not to_change):
        return record
    raise LearnedModelUnknown


async def ask_for_training(
    jobs: LearningJobs, asked: NewRetrain, tenant_id: TenantId | None, asked_by: str
) -> JobRecord | None:
    """Enter a training; None if the tenant is not active.

    Raises:
        LearningUnderWay: the same has not ended yet.
    """
    detail = LearningDetail(model=asked.model, seed=asked.seed, asked_by=asked_by)
    made = await jobs.add(LearningJobKind.RETRAIN, tenant_id, detail)
    if made is None:
        other = await jobs.under_way(LearningJobKind.RETRAIN, tenant_id, asked.model)
        if other is not None:
            raise LearningUnderWay(f"The job {other.job_id} trains it.")
    return made


def drift_document(record: DriftRecord) -> Drift:
    """Write down what was seen of a model."""
    return Drift(kind=record.kind, seen_at=record.seen_at, **record.document)


def _fields(record: LearnedModelRecord) -> dict[str, Any]:
    document, shadow = record.document, record.shadow
    # The keeper needs a moment to hear that a model serves no more.
    stand_in = record.stand_in if record.state is LearnedState.CHAMPION else None
    return {
        "model_id": record.model_id,
        "kind": document.kind,
        "scope": "global" if record.tenant_id is None else "own",
        "state": record.state,
        "created_at": document.created_at,
        "promoted_at": record.promoted_at,
        "seed": document.seed,
        "code_version": document.code_version,
        "schema_hash": document.schema_hash,
        "metrics": list(document.metrics),
        "base_model_id": document.base_model_id,
        "currency": document.currency,
        "artifact_sha256": document.artifact.sha256,
        "artifact_bytes": document.artifact.size_bytes,
        "first_day": document.data.first_day,
        "last_day": document.data.last_day,
        "rows": document.data.rows,
        "shadow": ShadowShown(**{name: shadow.get(name) for name in _SHADOW_FIELDS}) if shadow else None,
        "stand_in": StandInShown(model_id=stand_in.model_id, since=stand_in.since) if stand_in else None,
    }


def _operator_fields(record: LearnedModelRecord) -> dict[str, Any]:
    document = record.document
    return {"tenant_id": record.tenant_id, "job_id": document.job_id, "manifests": document.data.manifests}


async def _history(models: LearnedModels, record: LearnedModelRecord) -> list[PromotionShown]:
    return [_promotion(each) for each in await models.promotions(record.document.kind, record.tenant_id)]


def _promotion(promotion: Promotion) -> PromotionShown:
    return PromotionShown(
        model_id=promotion.model_id,
        previous_model_id=promotion.previous_model_id,
        promoted_by=promotion.promoted_by,
        reason=promotion.reason,
        at=promotion.at,
    )
