"""What was changed in a tenant, by whom, and from where."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from starlette.requests import Request

from schemas.limits import PAGE_ROWS_DEFAULT
from schemas.problems import CursorInvalid
from serve_apps.access_answers import AuditRecord
from serve_apps.answers import Page
from serve_apps.callers import user_of
from serve_apps.cursors import read_row, write_cursor
from serve_apps.openapi import ADMINISTRATOR, documented
from serve_apps.parameters import Cursor, Limit, Moment, Word
from serve_apps.services import services_of
from storage.postgres.audit import AuditFilter, AuditLog

router = APIRouter()


@router.get("/api/v1/audit", response_model=Page[AuditRecord], **documented(ADMINISTRATOR, CursorInvalid))
async def list_audit(
    request: Request,
    actor: Annotated[Word | None, Query(description="Id or label: a user's email, a key's name.")] = None,
    action: Annotated[Word | None, Query(description="For example `link.create`.")] = None,
    since: Annotated[Moment | None, Query(alias="from", description="First moment.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="First moment after the last.")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_ROWS_DEFAULT,
) -> dict[str, Any]:
    """List the audit log, newest first. Nobody can change it, the tenant's own database role neither."""
    tenant, _ = await user_of(request)
    log = AuditLog(services_of(request).databases.tenant(tenant.tenant_id))
    before = read_row(cursor) if cursor else None
    page = await log.page(AuditFilter(actor, action, since, until), before=before, limit=limit)
    last = page[-1]["audit_id"] if len(page) == limit else None
    return {"data": [_document(row) for row in page], "next_cursor": last and write_cursor("", str(last))}


def _document(row: Any) -> dict[str, Any]:
    fields = dict(row)
    actor = {name: fields.pop(f"actor_{name}") for name in ("kind", "id", "label")}
    return fields | {"actor": actor, "detail": orjson.loads(row["detail"])}
