"""What Segment's and RudderStack's SDKs for browsers and telephones load first: where to send, and what else to do.

Each answer sends the events here and nowhere else, and switches the reports off that SDKs send to their vendor.
"""

import re
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from schemas.problems import KeyInvalid, ScopeMissing
from schemas.sdk_problems import WriteKeyUnknown
from serve_apps.callers import carried_key, tenant_of_key
from serve_apps.openapi import TENANT, documented
from storage.postgres.directory import TenantRecord

router = APIRouter()

_SETTINGS = {"type": "object", "description": "What the vendor's SDK reads; the vendor's words, not ours."}
_SETTINGS_PATH = re.compile(r"/v1/projects/[^/]+/settings|/sourceConfig/?")
# Private, because the answer names the host and the scheme that this caller used.
_HEADERS = {"Cache-Control": "private, max-age=60"}
_DOCUMENTED = documented(
    TENANT, WriteKeyUnknown, ScopeMissing, responses={200: {"content": {"application/json": {"schema": _SETTINGS}}}}
)


def is_settings_path(path: str) -> bool:
    """Tell whether a path is one of these."""
    return _SETTINGS_PATH.fullmatch(path) is not None


@router.get("/v1/projects/{write_key}/settings", response_class=Response, **_DOCUMENTED)
async def segment_settings(request: Request, write_key: str) -> Response:
    """Give the settings that Segment's SDKs load from their `cdnURL` or `cdnHost`."""
    await _tenant(request, write_key)
    destination = {
        "apiKey": write_key,
        "apiHost": f"{request.headers.get('host', '')}/v1",
        "protocol": request.url.scheme,
    }
    return _answer({"integrations": {"Segment.io": destination}, "metrics": {"sampleRate": 0}})


@router.get("/sourceConfig", response_class=Response, **_DOCUMENTED)
@router.get("/sourceConfig/", response_class=Response, include_in_schema=False)
async def rudderstack_settings(request: Request) -> Response:
    """Give the source configuration that RudderStack's SDKs load from their `configUrl` or `controlPlaneUrl`."""
    write_key = carried_key(request) or request.query_params.get("writeKey")
    tenant = await _tenant(request, write_key)
    quiet = {"enabled": False}
    # The Kotlin SDK takes no answer that lacks one of these, though none means anything here.
    source: dict[str, Any] = {
        "id": tenant.tenant_id,
        "name": tenant.tenant_id,
        "workspaceId": tenant.tenant_id,
        "writeKey": write_key,
        "enabled": True,
        "updatedAt": "1970-01-01T00:00:00.000Z",
        "config": {"statsCollection": {"errors": quiet, "metrics": quiet}},
        "destinations": [],
    }
    return _answer({"source": source})


async def _tenant(request: Request, write_key: str | None) -> TenantRecord:
    """Find the tenant of a write key.

    Raises:
        WriteKeyUnknown: it is no key, or one of another tenant than the host's.
    """
    try:
        tenant, _ = await tenant_of_key(request, write_key)
    except KeyInvalid:
        raise WriteKeyUnknown from None
    return tenant


def _answer(document: dict[str, Any]) -> Response:
    return Response(orjson.dumps(document), media_type="application/json", headers=_HEADERS)
