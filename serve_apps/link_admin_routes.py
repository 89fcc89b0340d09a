"""Tracking links as their owners see them: made, read, changed, deleted."""

import secrets
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from schemas.limits import PAGE_ROWS_DEFAULT
from schemas.link_problems import LinkExists, LinksTooMany, LinkUnknown
from schemas.links import AppLinks, Link, LinkFields, LinkId, NewLink
from schemas.problems import CursorInvalid
from serve_apps.answers import LinkDocument, Page
from serve_apps.audited import audited_elsewhere
from serve_apps.callers import user_of
from serve_apps.cursors import read_moment, write_cursor
from serve_apps.openapi import EDITOR, USER, documented
from serve_apps.parameters import Cursor, Limit
from serve_apps.services import services_of
from storage.postgres.directory import TenantRecord
from storage.postgres.links import Links, StoredLink

router = APIRouter()

_ID_BYTES = 5


_ONE: dict[str, Any] = {"response_model": LinkDocument, "response_model_exclude_unset": True}


@router.get(
    "/api/v1/links",
    response_model=Page[LinkDocument],
    response_model_exclude_unset=True,
    **documented(USER, CursorInvalid),
)
async def list_links(request: Request, cursor: Cursor = None, limit: Limit = PAGE_ROWS_DEFAULT) -> dict[str, Any]:
    """List the tenant's links, newest first."""
    tenant, stored = await _links(request)
    page = await stored.page(before=read_moment(cursor) if cursor else None, limit=limit)
    last = page[-1] if len(page) == limit else None
    return {
        "data": [_document(request, tenant, each) for each in page],
        "next_cursor": last and write_cursor(last.created_at.isoformat(), last.link.link_id),
    }


@router.post("/api/v1/links", status_code=201, **_ONE, **documented(EDITOR, LinkExists, LinksTooMany))
async def create_link(request: Request, response: Response, new: NewLink) -> dict[str, Any]:
    """Make a link; it redirects within a second."""
    tenant, stored = await _links(request)
    link = Link.model_validate(new.model_dump() | {"link_id": new.link_id or secrets.token_hex(_ID_BYTES)})
    async with audited_elsewhere(request, "link.create", link.link_id, link.model_dump(exclude_none=True)):
        made = await stored.add(link)
    response.headers["Location"] = f"/api/v1/links/{link.link_id}"
    return _document(request, tenant, made)


@router.get("/api/v1/links/{link_id}", **_ONE, **documented(USER, LinkUnknown))
async def get_link(request: Request, link_id: LinkId) -> dict[str, Any]:
    """Give one link."""
    tenant, stored = await _links(request)
    found = await stored.one(link_id)
    if found is None:
        raise LinkUnknown
    return _document(request, tenant, found)


@router.put("/api/v1/links/{link_id}", **_ONE, **documented(EDITOR, LinkUnknown))
async def replace_link(request: Request, link_id: LinkId, fields: LinkFields) -> dict[str, Any]:
    """Replace all that a link says; its address stays."""
    tenant, stored = await _links(request)
    link = Link.model_validate(fields.model_dump() | {"link_id": link_id})
    async with audited_elsewhere(request, "link.replace", link_id, link.model_dump(exclude_none=True)):
        replaced = await stored.replace(link)
        if replaced is None:
            raise LinkUnknown
    return _document(request, tenant, replaced)


@router.delete("/api/v1/links/{link_id}", status_code=204, **documented(EDITOR, LinkUnknown))
async def delete_link(request: Request, link_id: LinkId) -> Response:
    """Delete a link: its address leads nowhere from then on; its touches stay."""
    _, stored = await _links(request)
    async with audited_elsewhere(request, "link.delete", link_id):
        if not await stored.delete(link_id):
            raise LinkUnknown
    return Response(status_code=204)


@router.get("/api/v1/app-links", **documented(USER))
async def get_app_links(request: Request) -> AppLinks:
    """Say which apps open the tenant's links."""
    _, stored = await _links(request)
    return await stored.app_links()


@router.put("/api/v1/app-links", **documented(EDITOR))
async def set_app_links(request: Request, apps: AppLinks) -> AppLinks:
    """Name the apps that open the tenant's links, in the place of those named before."""
    _, stored = await _links(request)
    async with audited_elsewhere(request, "app-links.replace", "", apps.model_dump()):
        await stored.set_app_links(apps)
    return apps


async def _links(request: Request) -> tuple[TenantRecord, Links]:
    tenant, _ = await user_of(request)
    return tenant, Links(services_of(request).databases.control(), tenant.tenant_id)


def _document(request: Request, tenant: TenantRecord, stored: StoredLink) -> dict[str, Any]:
    port = f":{request.url.port}" if request.url.port else ""
    origin = f"{request.url.scheme}://{tenant.host}{port}"
    return stored.link.model_dump(exclude_none=True) | {
        "click_url": f"{origin}/c/{stored.link.link_id}",
        "impression_url": f"{origin}/i/{stored.link.link_id}.gif",
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
    }
