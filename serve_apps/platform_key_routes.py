"""Platform keys: what operators, schedulers and other clusters call the global plane with."""

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from schemas.problems import ScopeMissing
from schemas.tenant_problems import PlatformKeyUnknown
from serve_apps.answers import Listing
from serve_apps.callers import platform_key_of
from serve_apps.openapi import documented, platform_key
from serve_apps.platform_answers import MadePlatformKey, PlatformKey, Scope
from serve_apps.services import services_of
from storage.postgres.tenant_admin import TenantAdmin
from tenancy.keys import SHOWN_CHARS, make_key
from tenancy.platform_keys import platform_key_record

router = APIRouter()

_TENANTS = platform_key("tenants")


class NewKey(BaseModel):
    """What a new platform key is to be; it may have no scope that the key which makes it lacks."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=10)]


@router.get("/api/v1/platform-keys", **documented(_TENANTS))
async def list_platform_keys(request: Request) -> Listing[PlatformKey]:
    """List the platform keys that work, oldest first, without the keys."""
    rows = await TenantAdmin(services_of(request).databases.control()).platform_keys()
    return Listing(data=[PlatformKey.model_validate(asdict(row)) for row in rows])


@router.post("/api/v1/platform-keys", status_code=201, **documented(_TENANTS))
async def create_platform_key(request: Request, response: Response, new: NewKey) -> MadePlatformKey:
    """Make a platform key; it is told once."""
    own = platform_key_of(request)
    scopes = frozenset(new.scopes)
    beyond = sorted(scopes - own.scopes)
    if beyond:
        raise ScopeMissing(f"This key lacks {', '.join(beyond)}, and so cannot give it to another.")
    key = make_key("platform")
    record = platform_key_record(key, scopes, new.name)
    admin = TenantAdmin(services_of(request).databases.control())
    made = await admin.add_platform_key(record, key[:SHOWN_CHARS], f"key:{own.key_id}")
    response.headers["Cache-Control"] = "no-store"
    return MadePlatformKey.model_validate(asdict(made) | {"key": key})


@router.delete("/api/v1/platform-keys/{key_id}", status_code=204, **documented(_TENANTS, PlatformKeyUnknown))
async def revoke_platform_key(request: Request, key_id: UUID) -> Response:
    """Revoke a platform key: refused within a second, for good."""
    if not await TenantAdmin(services_of(request).databases.control()).revoke_platform_key(key_id):
        raise PlatformKeyUnknown
    return Response(status_code=204)
