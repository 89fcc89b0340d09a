"""A tenant's campaigns: planned, read, changed, deleted."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from schemas.campaign_problems import CampaignExists, CampaignsTooMany, CampaignUnknown
from schemas.limits import PAGE_ROWS_DEFAULT
from schemas.problems import CursorInvalid
from serve_apps.answers import Page
from serve_apps.audited import audited
from serve_apps.callers import user_of
from serve_apps.campaign_answers import CampaignDocument, CampaignFields
from serve_apps.cursors import read_moment_id, write_cursor
from serve_apps.openapi import EDITOR, USER, documented
from serve_apps.parameters import Cursor, Limit, Word
from serve_apps.services import services_of
from storage.postgres.campaigns import Campaigns, StoredCampaign

router = APIRouter()


@router.get("/api/v1/campaigns", response_model=Page[CampaignDocument], **documented(USER, CursorInvalid))
async def list_campaigns(
    request: Request, media_source: Word | None = None, cursor: Cursor = None, limit: Limit = PAGE_ROWS_DEFAULT
) -> dict[str, Any]:
    """List the tenant's campaigns, newest first."""
    before = read_moment_id(cursor) if cursor else None
    page = await (await _campaigns(request)).page(before=before, media_source=media_source, limit=limit)
    last = page[-1] if len(page) == limit else None
    return {
        "data": [_document(each) for each in page],
        "next_cursor": last and write_cursor(last.created_at.isoformat(), str(last.campaign_id)),
    }


@router.post(
    "/api/v1/campaigns",
    status_code=201,
    response_model=CampaignDocument,
    **documented(EDITOR, CampaignExists, CampaignsTooMany),
)
async def create_campaign(request: Request, response: Response, new: CampaignFields) -> dict[str, Any]:
    """Enter a campaign: its events are those of its media source that bear its name."""
    campaigns = await _campaigns(request)
    async with audited(request, "campaign.create", detail=new.model_dump(mode="json", exclude_none=True)) as entry:
        made = await campaigns.add(new.plan())
        entry.subject = str(made.campaign_id)
    response.headers["Location"] = f"/api/v1/campaigns/{made.campaign_id}"
    return _document(made)


@router.get("/api/v1/campaigns/{campaign_id}", response_model=CampaignDocument, **documented(USER, CampaignUnknown))
async def get_campaign(request: Request, campaign_id: UUID) -> dict[str, Any]:
    """Give one campaign."""
    found = await (await _campaigns(request)).one(campaign_id)
    if found is None:
        raise CampaignUnknown
    return _document(found)


@router.put(
    "/api/v1/campaigns/{campaign_id}",
    response_model=CampaignDocument,
    **documented(EDITOR, CampaignUnknown, CampaignExists),
)
async def replace_campaign(request: Request, campaign_id: UUID, fields: CampaignFields) -> dict[str, Any]:
    """Replace all that a campaign says."""
    campaigns = await _campaigns(request)
    detail = fields.model_dump(mode="json", exclude_none=True)
    async with audited(request, "campaign.replace", campaign_id, detail):
        replaced = await campaigns.replace(campaign_id, fields.plan())
        if replaced is None:
            raise CampaignUnknown
    return _document(replaced)


@router.delete("/api/v1/campaigns/{campaign_id}", status_code=204, **documented(EDITOR, CampaignUnknown))
async def delete_campaign(request: Request, campaign_id: UUID) -> Response:
    """Delete a campaign: its events, costs, links and reports stay."""
    campaigns = await _campaigns(request)
    async with audited(request, "campaign.delete", campaign_id):
        if not await campaigns.delete(campaign_id):
            raise CampaignUnknown
    return Response(status_code=204)


async def _campaigns(request: Request) -> Campaigns:
    tenant, _ = await user_of(request)
    return Campaigns(services_of(request).databases.tenant(tenant.tenant_id))


def _document(stored: StoredCampaign) -> dict[str, Any]:
    budget = stored.plan.budget
    return asdict(stored.plan) | {
        "campaign_id": stored.campaign_id,
        "budget": None if budget is None else format(budget.normalize(), "f"),
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
    }
