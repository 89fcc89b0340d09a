"""The tenant's fraud lists: read, and replaced as a whole, as text or JSON."""

import asyncio
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request

from attribution.fraud.lists import parse_list
from schemas.fraud import ListKind
from schemas.fraud_problems import FraudListInvalid, FraudListTooLong
from schemas.problems import BodyTooLarge, MediaTypeUnsupported, UnparseableBody
from serve_apps.audited import audited
from serve_apps.callers import user_of
from serve_apps.fraud_answers import FraudListShown
from serve_apps.intake import read_body
from serve_apps.openapi import EDITOR, USER, documented
from serve_apps.services import services_of
from storage.postgres.fraud_lists import FraudList, FraudListStore

router = APIRouter()

_TEXT = {"schema": {"type": "string", "description": "One entry a line; of CSV, the first column."}}
_JSON = {
    "schema": {
        "type": "object",
        "required": ["entries"],
        "additionalProperties": False,
        "properties": {"entries": {"type": "array", "items": {"type": "string", "pattern": r"^[^\r\n]*$"}}},
    }
}
_BODY = {"required": True, "content": {"text/plain": _TEXT, "text/csv": _TEXT, "application/json": _JSON}}


@router.get("/api/v1/fraud/lists/{kind}", response_model=FraudListShown, **documented(USER))
async def get_fraud_list(request: Request, kind: ListKind) -> dict[str, Any]:
    """Give a list with all its entries."""
    tenant, _ = await user_of(request)
    stored = FraudListStore(services_of(request).databases.tenant(tenant.tenant_id))
    return _shown(kind, await stored.one(kind))


@router.put(
    "/api/v1/fraud/lists/{kind}",
    response_model=FraudListShown,
    **documented(
        EDITOR,
        *(FraudListInvalid, FraudListTooLong, BodyTooLarge, MediaTypeUnsupported, UnparseableBody),
        requestBody=_BODY,
    ),
)
async def put_fraud_list(request: Request, kind: ListKind) -> dict[str, Any]:
    """Replace a list; a line that is no entry is named, and then the list stays as it was. Applies within seconds."""
    tenant, caller = await user_of(request)
    # A hundred thousand networks take a second to read.
    entries = await asyncio.to_thread(parse_list, kind, await _text(request))
    stored = FraudListStore(services_of(request).databases.tenant(tenant.tenant_id))
    async with audited(request, "fraud-list.replace", kind, {"size": len(entries)}):
        replaced = await stored.replace(kind, entries, caller.user_id)
    return _shown(kind, replaced)


async def _text(request: Request) -> str:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {"text/plain", "text/csv", "application/json"}:
        raise MediaTypeUnsupported("Send text/plain or text/csv with one entry a line, or application/json.")
    body = await read_body(request)
    try:
        return _lines(orjson.loads(body)) if media_type == "application/json" else body.decode()
    except (orjson.JSONDecodeError, UnicodeDecodeError) as error:
        raise UnparseableBody("The body is not UTF-8 text, or not JSON.") from error


def _lines(document: Any) -> str:
    entries = document.get("entries") if isinstance(document, dict) and len(document) == 1 else None
    if not isinstance(entries, list) or not all(isinstance(each, str) for each in entries):
        raise FraudListInvalid('The JSON body is {"entries": ["…", …]}.')
    if any(len(each.splitlines()) > 1 for each in entries):
        raise FraudListInvalid("An entry of the JSON body is a text of one line.")
    return "\n".join(entries)


def _shown(kind: ListKind, stored: FraudList) -> dict[str, Any]:
    return {
        "kind": kind,
        "version": stored.version,
        "size": len(stored.entries),
        "entries": stored.entries,
        "updated_by": stored.updated_by,
        "updated_at": stored.updated_at,
    }
