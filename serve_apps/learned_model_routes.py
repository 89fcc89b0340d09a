"""A tenant's learned models: what serves it, how good it is, trained anew, promoted and rolled back by its owner."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_jobs import LEARNING_JOBS
from schemas.learning_problems import (
    ArtifactMissing,
    ChampionMissing,
    LakeUnavailable,
    LearnedModelUnknown,
    LearningUnderWay,
    LoadingUnavailable,
    ModelUnloadable,
)
from schemas.limits import PAGE_ROWS_DEFAULT
from schemas.problems import CursorInvalid, TenantSuspended
from schemas.tenant_problems import JobUnknown
from serve_apps.answers import Listing, Page
from serve_apps.audited import audited_elsewhere
from serve_apps.callers import user_of
from serve_apps.cursors import read_moment, write_cursor
from serve_apps.job_documents import learning_document
from serve_apps.learned_answers import (
    AskedRollback,
    Drift,
    LearnedModelShown,
    LearnedModelsPage,
    LearnedModelWithHistory,
    LearningJobWithLogs,
    NewRetrain,
    RolledBack,
)
from serve_apps.learned_documents import (
    ask_for_training,
    drift_document,
    model_for_tenant,
    own_with_history,
    promotions_of,
    shown_to_tenant,
)
from serve_apps.openapi import OWNER, USER, documented
from serve_apps.parameters import Cursor, Limit, Word
from serve_apps.platform_answers import Job, JobLine
from serve_apps.services import services_of
from storage.postgres.learned_models import LearnedModels
from storage.postgres.learning_jobs import LearningJobs

router = APIRouter()

_PATH = "/api/v1/models"
_JOBS = f"{_PATH}/jobs"


@router.get(_PATH, **documented(USER, CursorInvalid))
async def list_learned_models(
    request: Request, kind: LearnedKind | None = None, cursor: Cursor = None, limit: Limit = PAGE_ROWS_DEFAULT
) -> LearnedModelsPage:
    """List the tenant's own models and the global champions, newest first."""
    tenant_id, models, _ = await _registry(request)
    learning = services_of(request).settings.learning
    before = read_moment(cursor) if cursor else None
    records = await models.page(before=before, kind=kind, tenant_id=tenant_id, with_global=True, limit=limit)
    last = records[-1] if len(records) == limit else None
    return LearnedModelsPage(
        data=[shown_to_tenant(each) for each in records],
        next_cursor=last and write_cursor(last.document.created_at.isoformat(), last.model_id),
        rows_min=learning.rows_min,
        shadow_rows_min=learning.shadow_rows_min,
    )


@router.get(f"{_PATH}/drift", **documented(USER))
async def get_learned_drift(request: Request) -> Listing[Drift]:
    """Say how the models that serve the tenant do on its newest days: feature drift, calibration, freshness."""
    tenant_id, _, jobs = await _registry(request)
    return Listing(data=[drift_document(each) for each in await jobs.drift(tenant_id)])


@router.post(f"{_PATH}/retrain", status_code=202, **documented(OWNER, LearningUnderWay, TenantSuspended))
async def retrain_learned_model(request: Request, response: Response, asked: NewRetrain) -> Job:
    """Train the tenant's own model anew, from its own journeys, in the background."""
    tenant_id, _, jobs = await _registry(request)
    _, caller = await user_of(request)
    async with audited_elsewhere(request, "model.retrain", asked.model, asked.model_dump(exclude_none=True)):
        made = await ask_for_training(jobs, asked, tenant_id, caller.user_id)
        if made is None:
            raise TenantSuspended
    response.headers["Location"] = f"{_JOBS}/{made.job_id}"
    return learning_document(made)


@router.post(f"{_PATH}/rollback", **documented(OWNER, ChampionMissing, LakeUnavailable, LoadingUnavailable))
async def roll_back_learned_model(request: Request, asked: AskedRollback) -> RolledBack:
    """Put the tenant's newest champion before back that can be loaded; without one, the global model serves."""
    tenant_id, _, _ = await _registry(request)
    _, caller = await user_of(request)
    async with audited_elsewhere(request, "model.rollback", asked.model):
        model_id = await promotions_of(request).roll_back(asked.model, tenant_id, by=caller.user_id)
    return RolledBack(model_id=model_id)


@router.get(_JOBS, **documented(USER, CursorInvalid))
async def list_learning_jobs(request: Request, cursor: Cursor = None, limit: Limit = PAGE_ROWS_DEFAULT) -> Page[Job]:
    """List the tenant's trainings and exports to the lake, newest first."""
    tenant_id, _, jobs = await _registry(request)
    records = await jobs.of_tenant(tenant_id, before=read_moment(cursor) if cursor else None, limit=limit)
    last = records[-1] if len(records) == limit else None
    return Page(
        data=[learning_document(each) for each in records],
        next_cursor=last and write_cursor(last.created_at.isoformat(), last.job_id),
    )


@router.get(f"{_JOBS}/{{job_id}}", **documented(USER, JobUnknown))
async def get_learning_job(request: Request, job_id: Word) -> LearningJobWithLogs:
    """Give one of them with what it said."""
    tenant_id, _, jobs = await _registry(request)
    record = await jobs.one(job_id)
    if record is None or record.tenant_id != tenant_id or record.kind not in LEARNING_JOBS:
        raise JobUnknown
    lines = [JobLine(at=each.at, line=each.line) for each in await jobs.logs(job_id)]
    return LearningJobWithLogs(**learning_document(record).model_dump(), logs=lines)


@router.get(f"{_PATH}/{{model_id}}", **documented(USER, LearnedModelUnknown))
async def get_learned_model(request: Request, model_id: Word) -> LearnedModelWithHistory:
    """Give one model: one of the tenant's own with the history of its scope, or a global champion."""
    tenant_id, models, _ = await _registry(request)
    return await own_with_history(models, await model_for_tenant(models, model_id, tenant_id))


@router.post(
    f"{_PATH}/{{model_id}}/promote",
    **documented(OWNER, LearnedModelUnknown, ArtifactMissing, ModelUnloadable, LakeUnavailable, LoadingUnavailable),
)
async def promote_learned_model(request: Request, model_id: Word) -> LearnedModelShown:
    """Make one of the tenant's own models its champion, if it can be loaded from the lake."""
    tenant_id, models, _ = await _registry(request)
    _, caller = await user_of(request)
    async with audited_elsewhere(request, "model.promote", model_id):
        await model_for_tenant(models, model_id, tenant_id, to_change=True)
        await promotions_of(request).promote(model_id, by=caller.user_id, reason="by hand")
    return shown_to_tenant(await model_for_tenant(models, model_id, tenant_id))


async def _registry(request: Request) -> tuple[TenantId, LearnedModels, LearningJobs]:
    tenant, _ = await user_of(request)
    control = services_of(request).databases.control()
    return tenant.tenant_id, LearnedModels(control), LearningJobs(control)
