"""Jobs as the API shows them: those of tenants' lives from the control database, a tenant's own work from its own."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from schemas.imports import ImportState
from schemas.learning_jobs import LEARNING_JOBS, LEARNING_STEPS, LearningDetail, LearningJobKind, LearningStep
from schemas.recomputes import RecomputeState
from schemas.tenant_life import STEPS, TenantState
from serve_apps.platform_answers import Job, JobProgress
from storage.postgres.connect import CONNECTION_LOST, DATABASE_GONE, Database, Databases
from storage.postgres.fraud_reviews import FraudReviews
from storage.postgres.imports import Imports
from storage.postgres.jobs import JobRecord, work_id_of
from storage.postgres.recomputes import Recomputes

_STEPS_OF = {
    "provision": STEPS[TenantState.PROVISIONING],
    "delete": (*STEPS[TenantState.EXPORTING], *STEPS[TenantState.ERASING]),
}

_Fields = dict[str, Any]


async def job_document(job: JobRecord, databases: Databases) -> Job:
    """Write a job down; of work whose tenant's database does not answer, that it waits and no more."""
    look = _WORK.get(job.kind)
    if look is not None:
        return _job(job, **await _work(job, databases, look))
    if job.kind in LEARNING_JOBS:
        return learning_document(job)
    return _job(job, **_stepped(job, _STEPS_OF[job.kind]))


def learning_document(job: JobRecord) -> Job:
    """Write a training or an export down."""
    detail = LearningDetail.model_validate(job.detail)
    fields = _stepped(job, LEARNING_STEPS[LearningJobKind(job.kind)])
    document = _job(job, **fields, model=detail.model, verdict=detail.verdict)
    said = detail.progress
    if document.progress.current != LearningStep.TRAIN or said is None:
        return document
    at = f"{LearningStep.TRAIN}: {said.stage}, {said.say}"
    inside = {"current": at, "stage_done": said.done, "stage_total": said.total}
    return document.model_copy(update={"progress": document.progress.model_copy(update=inside)})


def _job(job: JobRecord, **fields: Any) -> Job:
    return Job(job_id=job.job_id, tenant_id=job.tenant_id, kind=job.kind, created_at=job.created_at, **fields)


def _stepped(job: JobRecord, steps: Sequence[str]) -> _Fields:
    left = [step for step in steps if step not in job.steps_done]
    is_done = job.finished_at is not None
    state = ("failed" if job.error else "done") if is_done else "running"
    if not is_done and job.kind in LEARNING_JOBS and not job.run:
        state = "queued"
    progress = JobProgress(
        unit="steps",
        done=len(steps) if state == "done" else len(job.steps_done),
        total=len(steps),
        current=None if is_done or not left else left[0],
    )
    return {"state": state, "progress": progress, "error": job.error, "finished_at": job.finished_at}


async def _work(
    job: JobRecord, databases: Databases, look: Callable[[Database, str], Awaitable[_Fields | None]]
) -> _Fields:
    try:
        async with databases.briefly(job.tenant_id) as database:
            fields = await look(database, work_id_of(job.job_id))
    except (*CONNECTION_LOST, *DATABASE_GONE):
        fields = None
    if fields is not None:
        return fields
    unit = "rows" if job.kind == "import" else "conversions"
    unknown = JobProgress(unit=unit, done=0, total=None, current=None)
    return {"state": "queued", "progress": unknown, "error": None, "finished_at": None}


async def _import(database: Database, import_id: str) -> _Fields | None:
    record = await Imports(database).one(import_id)
    if record is None:
        return None
    progress = JobProgress(
        unit="rows",
        done=record.progress.rows_done,
        total=record.progress.rows_done if record.state is ImportState.DONE else None,
        current=record.filename or None,
        bytes_done=record.progress.bytes_done,
        bytes_total=record.bytes_total,
    )
    return _ended(record.state.value, progress, record)


async def _recompute(database: Database, recompute_id: str) -> _Fields | None:
    record = await Recomputes(database).one(recompute_id)
    if record is None:
        return None
    # Whether what it found was adopted is the tenant's affair: the work is done.
    state = RecomputeState.DONE if record.state is RecomputeState.ADOPTED else record.state
    done = record.progress.done
    progress = JobProgress(unit="conversions", done=done, total=record.conversions, current=None)
    return _ended(state.value, progress, record)


async def _review(database: Database, review_id: str) -> _Fields | None:
    record = await FraudReviews(database).one(UUID(review_id))
    if record is None:
        return None
    total = record.judged if record.state == "done" else None
    progress = JobProgress(unit="conversions", done=record.judged, total=total, current=None)
    return _ended(record.state, progress, record)


def _ended(state: str, progress: JobProgress, record: Any) -> _Fields:
    return {"state": state, "progress": progress, "error": record.error, "finished_at": record.finished_at}


_WORK: Mapping[str, Callable[[Database, str], Awaitable[_Fields | None]]] = {
    "import": _import,
    "recompute": _recompute,
    "fraud-review": _review,
}
