"""Tenants as the platform's operators manage them: made, listed, changed, suspended, deleted."""

import uuid
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from schemas.ids import TenantId, parse_tenant_id
from schemas.limits import PAGE_ROWS_DEFAULT, SHARDS_MAX
from schemas.problems import (
    CursorInvalid,
    HostTaken,
    IdempotencyKeyReused,
    TenantExists,
    TenantIdInvalid,
    TenantUnknown,
)
from schemas.tenant_life import LifeEvent, TenantState
from schemas.tenant_problems import DeleteUnconfirmed, LifeUnavailable, TenantStateConflict
from serve_apps.answers import Page
from serve_apps.audited import audited_for
from serve_apps.cursors import read_word, write_cursor
from serve_apps.job_documents import job_document
from serve_apps.openapi import documented, platform_key
from serve_apps.parameters import Cursor, Limit, Word
from serve_apps.platform_answers import Job, NewTenantAnswer, Owner, Tenant
from serve_apps.services import services_of
from storage.postgres.tenant_admin import LIMITS, TenantAdmin, TenantChange, TenantRow
from storage.postgres.tenant_lives import TenantLives
from tenancy.provisioning import lay_out
from tenancy.registration import ProvisionedTenant, TenantRequest

router = APIRouter()

_TENANTS = platform_key("tenants")
_NOT_MADE = (TenantIdInvalid, TenantExists, HostTaken, TenantStateConflict, IdempotencyKeyReused, LifeUnavailable)

# Not an address or the name of this machine: whoever calls by these names tenants by the header.
Host = Annotated[
    str,
    StringConstraints(
        max_length=253,
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.[a-z]([a-z0-9-]{0,61}[a-z0-9])?$",
    ),
    Field(description="Host name of its site and API, in lower case, with a dot: client124.example.com."),
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Email = Annotated[str, StringConstraints(max_length=320, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern="^[!-~]{1,255}$", description="A request that comes again with its key gets the first one's answer."
    ),
]


class NewTenant(BaseModel):
    """What a new tenant is to be."""

    model_config = ConfigDict(extra="forbid")

    tenant_id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{1,30}$")]
    host: Host
    name: Name
    owner_email: Email


class TenantPatch(BaseModel):
    """What is to be another; what is left out stays. A limit of null goes back to the platform's default."""

    model_config = ConfigDict(extra="forbid")

    host: Host = ""
    name: Name = ""
    events_per_second: Annotated[float | None, Field(gt=0, le=1e9)] = None
    events_per_day: Annotated[int | None, Field(ge=1, le=2**53)] = None
    requests_at_once: Annotated[int | None, Field(ge=1, le=10_000, description="Open at each replica.")] = None
    shards: Annotated[int, Field(ge=1, le=SHARDS_MAX)] = 1


@router.post(
    "/api/v1/tenants",
    status_code=201,
    **documented(_TENANTS, *_NOT_MADE),
)
async def create_tenant(request: Request, new: NewTenant, idempotency_key: IdempotencyKey = None) -> NewTenantAnswer:
    """Make a tenant with its databases, keys and first user; its first event can be sent when this answers.

    The same request again goes on with what a broken one left, or adds one more write key; with the same
    Idempotency-Key it gets the same answer for a day.
    """
    services = services_of(request)
    asked = TenantRequest(**new.model_dump())
    job = await services.registration.claim(asked, idempotency_key or str(uuid.uuid4()))
    if job is None:
        async with audited_for(request, parse_tenant_id(asked.tenant_id), "key.create", {"kind": "write"}):
            return _new_tenant(await services.registration.greet_again(asked))
    return _new_tenant(services.registration.answer(await services.lives.ended(job)))


@router.get("/api/v1/tenants", **documented(_TENANTS, CursorInvalid))
async def list_tenants(
    request: Request,
    state: TenantState | None = None,
    search: Annotated[Word | None, Query(description="A part of their id, host or name, in any case.")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE_ROWS_DEFAULT,
) -> Page[Tenant]:
    """List tenants in the order of their ids, in whatever state."""
    after = read_word(cursor) if cursor else ""
    rows = await _admin(request).page(after=after, state=state, search=search, limit=limit)
    following = write_cursor("", rows[-1].tenant_id) if len(rows) == limit else None
    return Page(data=[_tenant(row) for row in rows], next_cursor=following)


@router.get("/api/v1/tenants/{tenant_id}", **documented(_TENANTS, TenantUnknown))
async def get_tenant(request: Request, tenant_id: Word) -> Tenant:
    """Give one tenant."""
    row = await _admin(request).one(tenant_id)
    if row is None:
        raise TenantUnknown(f"There is no tenant {tenant_id}.")
    return _tenant(row)


@router.patch("/api/v1/tenants/{tenant_id}", **documented(_TENANTS, TenantUnknown, HostTaken, TenantStateConflict))
async def change_tenant(request: Request, tenant_id: Word, patch: TenantPatch) -> Tenant:
    """Change a tenant's host, name, limits or shards; replicas know within a second."""
    before = await get_tenant(request, tenant_id)
    named: dict[str, Any] = patch.model_dump(include=patch.model_fields_set)
    async with _written_down(request, before, "tenant.change", named):
        if not await _admin(request).change(tenant_id, TenantChange(**named, limits=named.keys() & set(LIMITS))):
            raise TenantStateConflict(f"The tenant is {before.state}; it cannot be changed.")
        if "shards" in named:
            await lay_out(services_of(request).databases, parse_tenant_id(tenant_id), named["shards"])
    return await get_tenant(request, tenant_id)


@router.post("/api/v1/tenants/{tenant_id}/suspend", **documented(_TENANTS, TenantUnknown, TenantStateConflict))
async def suspend_tenant(request: Request, tenant_id: Word) -> Tenant:
    """Let nothing of a tenant in or out: 403 `tenant-suspended` within a second. What was accepted is still stored."""
    return await _turn(request, tenant_id, LifeEvent.SUSPEND)


@router.post("/api/v1/tenants/{tenant_id}/resume", **documented(_TENANTS, TenantUnknown, TenantStateConflict))
async def resume_tenant(request: Request, tenant_id: Word) -> Tenant:
    """Serve a suspended tenant again."""
    return await _turn(request, tenant_id, LifeEvent.RESUME)


@router.delete(
    "/api/v1/tenants/{tenant_id}",
    status_code=202,
    **documented(
        _TENANTS,
        *(TenantUnknown, DeleteUnconfirmed),
        responses={202: {"headers": {"Location": {"schema": {"type": "string"}}}}},
    ),
)
async def delete_tenant(
    request: Request,
    response: Response,
    tenant_id: Word,
    confirm: Annotated[Word, Query(description="The tenant's id, once more.")] = "",
) -> Job:
    """Export all that a tenant has, then erase it. The answered job says how far it came; asked again: the same."""
    if confirm != tenant_id:
        raise DeleteUnconfirmed
    databases = services_of(request).databases
    lives = TenantLives(databases.control())
    row = await _admin(request).one(tenant_id)
    async with _written_down(request, row, "tenant.delete"):
        job = await lives.delete(str(uuid.uuid4()), _known(tenant_id))
    response.headers["Location"] = f"/api/v1/jobs/{job.job_id}"
    return await job_document(job, databases)


def _known(tenant_id: str) -> TenantId:
    """Check the id of a tenant that is said to be there.

    Raises:
        TenantUnknown: no tenant can have it.
    """
    try:
        return parse_tenant_id(tenant_id)
    except TenantIdInvalid:
        raise TenantUnknown(f"There is no tenant {tenant_id}.") from None


async def _turn(request: Request, tenant_id: str, event: LifeEvent) -> Tenant:
    before = await get_tenant(request, tenant_id)
    async with _written_down(request, before, f"tenant.{event}"):
        await TenantLives(services_of(request).databases.control()).change(_known(tenant_id), event)
    return await get_tenant(request, tenant_id)


def _written_down(
    request: Request, tenant: Tenant | TenantRow | None, action: str, detail: dict[str, Any] | None = None
) -> AbstractAsyncContextManager[None]:
    """Have a change in the tenant's audit log; one that is not made yet, or is being deleted, has none to write to."""
    if tenant is None or tenant.state not in (TenantState.ACTIVE, TenantState.SUSPENDED):
        return nullcontext()
    return audited_for(request, parse_tenant_id(tenant.tenant_id), action, detail)


def _admin(request: Request) -> TenantAdmin:
    return TenantAdmin(services_of(request).databases.control())


def _tenant(row: TenantRow) -> Tenant:
    return Tenant.model_validate(asdict(row))


def _new_tenant(made: ProvisionedTenant) -> NewTenantAnswer:
    return NewTenantAnswer(
        tenant_id=made.tenant_id,
        host=made.host,
        name=made.name,
        write_key=made.write_key,
        owner=Owner(email=made.owner_email, password=made.owner_password),
    )
