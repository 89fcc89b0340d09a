"""What advertising cost: one by one, or as a file."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from ingest.money_rows import read_costs
from schemas.limits import PAGE_ROWS_DEFAULT
from schemas.money import CostLine
from schemas.problems import BodyTooLarge, CursorInvalid, EncodingUnsupported
from schemas.report_problems import CostExists, CostUnknown, ReportParameterInvalid, UploadInvalid, UploadUnreadable
from serve_apps.answers import Page
from serve_apps.audited import audited
from serve_apps.callers import user_of
from serve_apps.cursors import read_day, write_cursor
from serve_apps.money_answers import Cost, CostFields, Uploaded, upload_body
from serve_apps.money_uploads import take_upload
from serve_apps.openapi import EDITOR, USER, documented
from serve_apps.parameters import Cursor, Day, Limit, RowId, Word
from serve_apps.services import services_of
from storage.postgres.costs import Costs, StoredCost

router = APIRouter()

Mapping = Annotated[
    str | None, Query(max_length=10_000, description='JSON object, column to field: {"Spend": "cost", "x": null}.')
]
DryRun = Annotated[bool, Query(description="Say what is wrong with which line, and store nothing.")]


@router.get("/api/v1/costs", response_model=Page[Cost], **documented(USER, CursorInvalid))
async def list_costs(
    request: Request,
    first: Annotated[Day | None, Query(alias="from", description="First day.")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Last day, included.")] = None,
    media_source: Word | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_ROWS_DEFAULT,
) -> dict[str, Any]:
    """List costs, newest day first."""
    costs = await _costs(request)
    before = read_day(cursor) if cursor else None
    page = await costs.page(before=before, since=first, until=last, media_source=media_source, limit=limit)
    end = page[-1] if len(page) == limit else None
    return {
        "data": [_document(cost) for cost in page],
        "next_cursor": end and write_cursor(end.line.day.isoformat(), str(end.cost_id)),
    }


@router.post("/api/v1/costs", status_code=201, response_model=Cost, **documented(EDITOR))
async def create_cost(request: Request, response: Response, new: CostFields) -> dict[str, Any]:
    """Enter a cost; one of the same day, names and currency is replaced."""
    costs = await _costs(request)
    async with audited(request, "cost.create", detail=new.model_dump()) as entry:
        made = await costs.add(_line(new))
        entry.subject = str(made.cost_id)
    response.headers["Location"] = f"/api/v1/costs/{made.cost_id}"
    return _document(made)


@router.post(
    "/api/v1/costs/upload",
    response_model=Uploaded,
    **documented(
        EDITOR,
        *(UploadInvalid, UploadUnreadable, BodyTooLarge, EncodingUnsupported, ReportParameterInvalid),
        **upload_body("media_source, campaign, adset, date, app_id, country, cost, currency"),
    ),
)
async def upload_costs(request: Request, mapping: Mapping = None, *, dry_run: DryRun = False) -> dict[str, Any]:
    """Take a file of costs, all lines or none; a line replaces the cost of the same day, names and currency."""
    costs = await _costs(request)
    return await take_upload(
        request, "cost.upload", read_costs, costs.compare, costs.put, mapping=mapping, dry_run=dry_run
    )


@router.get("/api/v1/costs/{cost_id:int}", response_model=Cost, **documented(USER, CostUnknown))
async def get_cost(request: Request, cost_id: RowId) -> dict[str, Any]:
    """Give one cost."""
    found = await (await _costs(request)).one(cost_id)
    if found is None:
        raise CostUnknown
    return _document(found)


@router.put("/api/v1/costs/{cost_id:int}", response_model=Cost, **documented(EDITOR, CostUnknown, CostExists))
async def replace_cost(request: Request, cost_id: RowId, fields: CostFields) -> dict[str, Any]:
    """Replace all that a cost says."""
    costs = await _costs(request)
    async with audited(request, "cost.replace", cost_id, fields.model_dump()):
        replaced = await costs.replace(cost_id, _line(fields))
        if replaced is None:
            raise CostUnknown
    return _document(replaced)


@router.delete("/api/v1/costs/{cost_id:int}", status_code=204, **documented(EDITOR, CostUnknown))
async def delete_cost(request: Request, cost_id: RowId) -> Response:
    """Delete a cost."""
    costs = await _costs(request)
    async with audited(request, "cost.delete", cost_id):
        if not await costs.delete(cost_id):
            raise CostUnknown
    return Response(status_code=204)


async def _costs(request: Request) -> Costs:
    tenant, _ = await user_of(request)
    return Costs(services_of(request).databases.tenant(tenant.tenant_id))


def _line(fields: CostFields) -> CostLine:
    values = fields.model_dump()
    return CostLine(day=values.pop("date"), cost=Decimal(values.pop("cost")), **values)


def _document(stored: StoredCost) -> dict[str, Any]:
    line = stored.line
    return {
        "cost_id": stored.cost_id,
        "media_source": line.media_source,
        "campaign": line.campaign,
        "adset": line.adset,
        "date": line.day,
        "app_id": line.app_id,
        "country": line.country,
        "cost": format(line.cost.normalize(), "f"),
        "currency": line.currency,
        "updated_at": stored.updated_at,
    }
