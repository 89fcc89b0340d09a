"""Learned models of all tenants, for operators: the registry, trainings, promotions."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from schemas.ids import TenantId
from schemas.learning import LearnedKind
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
from schemas.problems import CursorInvalid, TenantUnknown
from serve_apps.answers import Listing, Page
from serve_apps.callers import platform_key_of
from serve_apps.cursors import read_moment, write_cursor
from serve_apps.job_documents import learning_document
from serve_apps.learned_answers import (
    AskedPlatformRollback,
    NewPlatformRetrain,
    PlatformDrift,
    PlatformModel,
    PlatformModelWithHistory,
    RolledBack,
)
from serve_apps.learned_documents import ask_for_training, promotions_of, shown_to_operator, with_history
from serve_apps.learned_drift import platform_drift
from serve_apps.openapi import documented, platform_key
from serve_apps.parameters import Cursor, Limit, Word
from serve_apps.platform_answers import Job
from serve_apps.services import services_of
from storage.postgres.learned_models import LearnedModelRecord, LearnedModels
from storage.postgres.learning_jobs import LearningJobs

router = APIRouter()

_PATH = "/api/v1/models"
_MODELS = platform_key("models")


@router.get(_PATH, **documented(_MODELS, CursorInvalid))
async def list_platform_models(
    request: Request,
    tenant_id: Word | None = None,
    kind: LearnedKind | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_ROWS_DEFAULT,
) -> Page[PlatformModel]:
    """List learned models, newest first: every one, or of one tenant."""
    before = read_moment(cursor) if cursor else None
    of_tenant = TenantId(tenant_id) if tenant_id else None
    records = await _models(request).page(before=before, kind=kind, tenant_id=of_tenant, with_global=False, limit=limit)
    last = records[-1] if len(records) == limit else None
    return Page(
        data=[shown_to_operator(each) for each in records],
        next_cursor=last and write_cursor(last.document.created_at.isoformat(), last.model_id),
    )


@router.post(f"{_PATH}/retrain", status_code=202, **documented(_MODELS, LearningUnderWay, TenantUnknown))
async def retrain_platform_model(request: Request, response: Response, asked: NewPlatformRetrain) -> Job:
    """Train a model anew in the background: a tenant's own, or the global one from all that contribute."""
    jobs = LearningJobs(services_of(request).databases.control())
    made = await ask_for_training(jobs, asked, asked.tenant_id, _caller(request))
    if made is None:
        raise TenantUnknown(f"There is no active tenant {asked.tenant_id}.")
    response.headers["Location"] = f"/api/v1/jobs/{made.job_id}"
    return learning_document(made)


@router.post(f"{_PATH}/rollback", **documented(_MODELS, ChampionMissing, LakeUnavailable, LoadingUnavailable))
async def roll_back_platform_model(request: Request, asked: AskedPlatformRollback) -> RolledBack:
    """Put the newest champion before back that can be loaded; without one, the scope does without."""
    model_id = await promotions_of(request).roll_back(asked.model, asked.tenant_id, by=_caller(request))
    return RolledBack(model_id=model_id)


@router.get(f"{_PATH}/drift", **documented(_MODELS))
async def get_platform_drift(request: Request) -> Listing[PlatformDrift]:
    """Say how each champion does on the newest days of those it serves: drift, calibration, freshness."""
    records = await LearningJobs(services_of(request).databases.control()).all_drift()
    return Listing(data=platform_drift(records))


@router.get(f"{_PATH}/{{model_id}}", **documented(_MODELS, LearnedModelUnknown))
async def get_platform_model(request: Request, model_id: Word) -> PlatformModelWithHistory:
    """Give one model with the history of its scope."""
    models = _models(request)
    return await with_history(models, await _found(models, model_id))


@router.post(
    f"{_PATH}/{{model_id}}/promote",
    **documented(_MODELS, LearnedModelUnknown, ArtifactMissing, ModelUnloadable, LakeUnavailable, LoadingUnavailable),
)
async def promote_platform_model(request: Request, model_id: Word) -> PlatformModel:
    """Make a model the champion of its scope, if it can be loaded from the lake."""
    await promotions_of(request).promote(model_id, by=_caller(request), reason="by hand")
    return shown_to_operator(await _found(_models(request), model_id))


async def _found(models: LearnedModels, model_id: str) -> LearnedModelRecord:
    record = await models.one(model_id)
    if record is None:
        raise LearnedModelUnknown
    return record


def _models(request: Request) -> LearnedModels:
    return LearnedModels(services_of(request).databases.control())


def _caller(request: Request) -> str:
    return f"key:{platform_key_of(request).key_id}"
