"""Jobs as the API shows them: those of tenants' lives from the control database, imports from their tenant's own."""

from collections.abc import Sequence
from typing import Any

from schemas.imports import ImportState
from schemas.learning_jobs import LEARNING_JOBS, LEARNING_STEPS, LearningDetail, LearningJobKind, LearningStep
from schemas.tenant_life import STEPS, TenantState
from serve_apps.platform_answers import Job, JobProgress
from storage.postgres.connect import CONNECTION_LOST, DATABASE_GONE, Databases
from storage.postgres.imports import Imports
from storage.postgres.jobs import JobRecord, import_id_of

_STEPS_OF = {
    "provision": STEPS[TenantState.PROVISIONING],
    "delete": (*STEPS[TenantState.EXPORTING], *STEPS[TenantState.ERASING]),
}
_IMPORT_STATES = {
    ImportState.QUEUED: "queued",
    ImportState.RUNNING: "running",
    ImportState.DONE: "done",
    ImportState.FAILED: "failed",
}


async def job_document(job: JobRecord, databases: Databases) -> Job:
    """Write a job down; of an import whose database does not answer, that it runs and no more."""
    if job.kind == "import":
        return await _import_document(job, databases)
    if job.kind in LEARNING_JOBS:
        return learning_document(job)
    return _stepped(job, _STEPS_OF[job.kind])


def learning_document(job: JobRecord) -> Job:
    """Write a training or an export down."""
    detail = LearningDetail.model_validate(job.detail)
    document = _stepped(job, LEARNING_STEPS[LearningJobKind(job.kind)], model=detail.model, verdict=detail.verdict)
    said = detail.progress
    if document.progress.current != LearningStep.TRAIN or said is None:
        return document
    at = f"{LearningStep.TRAIN}: {said.stage}, {said.say}"
    inside = {"current": at, "stage_done": said.done, "stage_total": said.total}
    return document.model_copy(update={"progress": document.progress.model_copy(update=inside)})


def _stepped(job: JobRecord, steps: Sequence[str], **more: Any) -> Job:
    left = [step for step in steps if step not in job.steps_done]
    is_done = job.finished_at is not None
    state = ("failed" if job.error else "done") if is_done else "running"
    if not is_done and job.kind in LEARNING_JOBS and not job.run:
        state = "queued"
    return _job(
        job,
        state=state,
        progress=JobProgress(
            unit="steps",
            done=len(steps) if state == "done" else len(job.steps_done),
            total=len(steps),
            current=None if is_done or not left else left[0],
        ),
        error=job.error,
        finished_at=job.finished_at,
        **more,
    )


async def _import_document(job: JobRecord, databases: Databases) -> Job:
    try:
        async with databases.briefly(job.tenant_id) as database:
            record = await Imports(database).one(import_id_of(job.job_id))
    except (*CONNECTION_LOST, *DATABASE_GONE):
        record = None
    if record is None:
        unknown = JobProgress(unit="rows", done=0, total=None, current=None)
        return _job(job, state="queued", progress=unknown, error=None, finished_at=None)
    progress = JobProgress(
        unit="rows",
        done=record.progress.rows_done,
        total=record.progress.rows_done if record.state is ImportState.DONE else None,
        current=record.filename or None,
        bytes_done=record.progress.bytes_done,
        bytes_total=record.bytes_total,
    )
    state = _IMPORT_STATES[record.state]
    return _job(job, state=state, progress=progress, error=record.error, finished_at=record.finished_at)


def _job(job: JobRecord, **fields: Any) -> Job:
    return Job(job_id=job.job_id, tenant_id=job.tenant_id, kind=job.kind, created_at=job.created_at, **fields)
