"""A tenant's keys: those by which programs call, and those that sign its users' tokens."""

from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from schemas.access_problems import ApiKeyUnknown, KeysTooMany, RotationUnderWay
from schemas.problem import FieldError
from schemas.problems import RequestInvalid
from serve_apps.access_answers import ApiKey, MadeKey, NewKey, SigningKey
from serve_apps.answers import Listing
from serve_apps.audited import audited_elsewhere
from serve_apps.callers import user_of
from serve_apps.openapi import ADMINISTRATOR, documented
from serve_apps.services import services_of
from storage.postgres.api_keys import ApiKeys
from storage.postgres.api_keys import NewKey as KeyToEnter
from telemetry.clock import utc_now
from tenancy.keys import SHOWN_CHARS, hash_key, make_key
from tenancy.signing_keys import KeyState, ScheduledKey

router = APIRouter()

_INGEST = frozenset({"ingest"})


@router.get("/api/v1/keys", response_model=Listing[ApiKey], **documented(ADMINISTRATOR))
async def list_keys(request: Request) -> dict[str, Any]:
    """List the keys that have not been revoked, newest first."""
    return {"data": [asdict(key) for key in await (await _keys(request)).all()]}


@router.post(
    "/api/v1/keys", status_code=201, response_model=MadeKey, **documented(ADMINISTRATOR, KeysTooMany, RequestInvalid)
)
async def create_key(request: Request, response: Response, new: NewKey) -> dict[str, Any]:
    """Make a key; it works within a second, and is shown this once."""
    keys = await _keys(request)
    scopes, text, key_id = _scopes(new), make_key(new.kind), uuid4()
    _, caller = await user_of(request)
    entered = KeyToEnter(key_id, hash_key(text), text[:SHOWN_CHARS], new.kind, scopes, new.name, caller.user_id)
    detail = {"name": new.name, "kind": new.kind, "scopes": sorted(scopes)}
    async with audited_elsewhere(request, "key.create", key_id, detail):
        made = await keys.add(entered)
    response.headers["Cache-Control"] = "no-store"
    return asdict(made) | {"key": text}


@router.delete("/api/v1/keys/{key_id}", status_code=204, **documented(ADMINISTRATOR, ApiKeyUnknown))
async def revoke_key(request: Request, key_id: UUID) -> Response:
    """Revoke a key: it is refused within a second, everywhere."""
    keys = await _keys(request)
    async with audited_elsewhere(request, "key.revoke", key_id):
        if not await keys.revoke(key_id):
            raise ApiKeyUnknown
    return Response(status_code=204)


@router.get("/api/v1/signing-keys", response_model=Listing[SigningKey], **documented(ADMINISTRATOR))
async def list_signing_keys(request: Request) -> dict[str, Any]:
    """List the keys of the tenant's tokens, in the order in which they sign."""
    tenant, _ = await user_of(request)
    keys = services_of(request).tokens.keys(tenant.tenant_id, utc_now())
    return {"data": [_document(key) for key in keys]}


@router.post(
    "/api/v1/signing-keys/rotate",
    status_code=202,
    response_model=SigningKey,
    **documented(ADMINISTRATOR, RotationUnderWay),
)
async def rotate_signing_keys(request: Request) -> dict[str, Any]:
    """Publish the next token key, which signs after the time that the settings name; the old one verifies on."""
    tenant, _ = await user_of(request)
    async with audited_elsewhere(request, "signing-key.rotate", tenant.tenant_id):
        made = await services_of(request).key_rotation.rotate(tenant.tenant_id)
    return _document(ScheduledKey(made, KeyState.NEXT, None))


async def _keys(request: Request) -> ApiKeys:
    tenant, _ = await user_of(request)
    return ApiKeys(services_of(request).databases.control(), tenant.tenant_id)


def _document(key: ScheduledKey) -> dict[str, Any]:
    record = key.record
    return {"kid": record.kid, "state": key.state, "signs_from": record.signs_from, "ends_at": key.ends_at}


def _scopes(new: NewKey) -> frozenset[str]:
    scopes = frozenset(new.scopes)
    if new.kind == "write" and scopes <= _INGEST:
        return _INGEST
    if new.kind == "write" or not scopes:
        detail = "a write key may only ingest" if new.kind == "write" else "a secret key needs one scope at least"
        raise RequestInvalid(errors=(FieldError(0, "/scopes", detail),))
    return scopes
