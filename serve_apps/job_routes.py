"""Jobs: what is being done with tenants that outlives requests, how far it came, what it said."""

from fastapi import APIRouter
from starlette.requests import Request

from schemas.limits import PAGE_ROWS_DEFAULT
from schemas.problems import CursorInvalid
from schemas.tenant_problems import JobUnknown
from serve_apps.answers import Page
from serve_apps.cursors import read_moment, write_cursor
from serve_apps.job_documents import job_document
from serve_apps.openapi import documented, platform_key
from serve_apps.parameters import Cursor, Limit, Word
from serve_apps.platform_answers import Job, JobKind, JobLine, JobWithLogs
from serve_apps.services import services_of
from storage.postgres.jobs import Jobs
from telemetry.side_by_side import side_by_side

router = APIRouter()


@router.get("/api/v1/jobs", **documented(platform_key("jobs"), CursorInvalid))
async def list_jobs(
    request: Request,
    tenant_id: Word | None = None,
    kind: JobKind | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_ROWS_DEFAULT,
) -> Page[Job]:
    """List jobs, newest first: of tenants' lives, imports, recomputations, fraud reviews, trainings, lake exports."""
    databases = services_of(request).databases
    before = read_moment(cursor) if cursor else None
    records = await Jobs(databases.control()).page(before=before, tenant_id=tenant_id, kind=kind, limit=limit)
    last = records[-1] if len(records) == limit else None
    return Page(
        data=await side_by_side(lambda record: job_document(record, databases), records),
        next_cursor=last and write_cursor(last.created_at.isoformat(), last.job_id),
    )


@router.get("/api/v1/jobs/{job_id}", **documented(platform_key("jobs"), JobUnknown))
async def get_job(request: Request, job_id: Word) -> JobWithLogs:
    """Give one job with what it said."""
    databases = services_of(request).databases
    jobs = Jobs(databases.control())
    record = await jobs.one(job_id)
    if record is None:
        raise JobUnknown
    job = await job_document(record, databases)
    return JobWithLogs(
        **job.model_dump(),
        archive=f"{record.tenant_id}-{record.job_id}" if record.detail.get("files") else None,
        logs=[JobLine(at=each.at, line=each.line) for each in await jobs.logs(job_id)],
    )
