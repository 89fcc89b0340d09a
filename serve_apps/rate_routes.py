"""What currencies are worth in the tenant's, and the settings that reports go by."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from ingest.money_rows import read_rates
from schemas.learning_jobs import LearningDetail, LearningJobKind
from schemas.limits import PAGE_ROWS_DEFAULT
from schemas.money import RateLine
from schemas.problems import BodyTooLarge, CursorInvalid, EncodingUnsupported
from schemas.report_problems import RateUnknown, ReportParameterInvalid, UploadInvalid, UploadUnreadable
from serve_apps.answers import Page
from serve_apps.audited import audited
from serve_apps.callers import user_of
from serve_apps.cost_routes import DryRun, Mapping
from serve_apps.cursors import read_day_word, write_cursor
from serve_apps.money_answers import Currency, NewReportSettings, RateFields, ReportSettings, Uploaded, upload_body
from serve_apps.money_uploads import take_upload
from serve_apps.openapi import EDITOR, OWNER, USER, documented
from serve_apps.parameters import Cursor, Day, Limit
from serve_apps.services import services_of
from storage.postgres.connect import Database
from storage.postgres.learning_jobs import LearningJobs
from storage.postgres.rates import StoredRates
from storage.postgres.tenant_settings import TenantSettings

router = APIRouter()

CurrencyPath = Annotated[Currency, Path()]


@router.get("/api/v1/rates", response_model=Page[RateFields], **documented(USER, CursorInvalid))
async def list_rates(
    request: Request, currency: Currency | None = None, cursor: Cursor = None, limit: Limit = PAGE_ROWS_DEFAULT
) -> dict[str, Any]:
    """List rates into the tenant's currency, newest day first."""
    quote, rates = await _rates(request)
    page = await rates.page(before=read_day_word(cursor) if cursor else None, currency=currency, limit=limit)
    end = page[-1] if len(page) == limit else None
    return {
        "data": [_document(line, quote) for line in page],
        "next_cursor": end and write_cursor(end.day.isoformat(), end.currency),
    }


@router.post(
    "/api/v1/rates/upload",
    response_model=Uploaded,
    **documented(
        EDITOR,
        *(UploadInvalid, UploadUnreadable, BodyTooLarge, EncodingUnsupported, ReportParameterInvalid),
        **upload_body("date, currency, rate"),
    ),
)
async def upload_rates(request: Request, mapping: Mapping = None, *, dry_run: DryRun = False) -> dict[str, Any]:
    """Take a file of rates into the tenant's currency, all lines or none; a line replaces the rate of its day."""
    _, rates = await _rates(request)
    return await take_upload(
        request, "rate.upload", read_rates, rates.compare, rates.put, mapping=mapping, dry_run=dry_run
    )


@router.delete("/api/v1/rates/{currency}/{day}", status_code=204, **documented(EDITOR, RateUnknown))
async def delete_rate(request: Request, currency: CurrencyPath, day: Day) -> Response:
    """Delete the rate of a day."""
    _, rates = await _rates(request)
    async with audited(request, "rate.delete", f"{currency} {day}"):
        if not await rates.delete(currency, day):
            raise RateUnknown
    return Response(status_code=204)


@router.get("/api/v1/settings", **documented(USER))
async def get_settings(request: Request) -> ReportSettings:
    """Give the tenant's settings."""
    return ReportSettings(**asdict(await TenantSettings(await _database(request)).read()))


@router.put("/api/v1/settings", **documented(OWNER))
async def put_settings(request: Request, settings: NewReportSettings) -> ReportSettings:
    """Set them; amounts are converted when a report is asked for, so a new currency holds for all days at once.

    Whether the tenant contributes to the global models is in the lake within a minute; the next one keeps to it.
    """
    tenant, caller = await user_of(request)
    services = services_of(request)
    stored = TenantSettings(services.databases.tenant(tenant.tenant_id))
    async with audited(request, "settings.replace", detail=settings.model_dump(exclude_unset=True)):
        before = await stored.read()
        after = await stored.write(**settings.model_dump())
    if after.contributes_to_global_model != before.contributes_to_global_model:
        jobs = LearningJobs(services.databases.control())
        await jobs.add(LearningJobKind.LAKE_EXPORT, tenant.tenant_id, LearningDetail(asked_by=caller.user_id))
    return ReportSettings(**asdict(after))


async def _database(request: Request) -> Database:
    tenant, _ = await user_of(request)
    return services_of(request).databases.tenant(tenant.tenant_id)


async def _rates(request: Request) -> tuple[str, StoredRates]:
    database = await _database(request)
    quote = (await TenantSettings(database).read()).currency
    return quote, StoredRates(database, quote)


def _document(line: RateLine, quote: str) -> dict[str, Any]:
    rate = format(line.rate.normalize(), "f")
    return {"date": line.day, "currency": line.currency, "rate": rate, "quote": quote}
