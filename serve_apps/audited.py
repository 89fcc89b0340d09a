"""How routes write the audit log: around each change, one of these.

A change in the tenant's own database and its entry are one transaction: both are there, or neither. A change elsewhere
(in the control database, in an actor) is written down before it is made, and once more if it was refused; so no change
is without an entry, whatever fails.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request

from schemas.ids import TenantId
from serve_apps.callers import Caller, platform_key_of
from serve_apps.intake import client_ip
from serve_apps.problem_responses import request_id
from serve_apps.services import services_of
from storage.postgres.audit import Actor, AuditEntry, AuditLog, Origin
from storage.postgres.connect import Database


def origin_of(request: Request) -> Origin:
    """Say where a request came from."""
    return Origin(client_ip(request), request_id(request))


@asynccontextmanager
async def audited(
    request: Request, action: str, subject: object = "", detail: dict[str, Any] | None = None
) -> AsyncIterator[AuditEntry]:
    """Make what is done inside with the tenant's database, and its entry, one transaction.

    Subject and detail may be filled in inside. What raises undoes the change, and leaves no entry.
    """
    entry, database = _entry(request, action, subject, detail)
    async with database.transaction():
        yield entry
        await AuditLog(database).add(entry)


@asynccontextmanager
async def audited_elsewhere(
    request: Request, action: str, subject: object, detail: dict[str, Any] | None = None
) -> AsyncIterator[None]:
    """Write an entry, let the change be made, and write that it was refused if it was."""
    entry, database = _entry(request, action, subject, detail)
    async with AuditLog(database).announced(entry):
        yield


@asynccontextmanager
async def audited_for(
    request: Request, tenant_id: TenantId, action: str, detail: dict[str, Any] | None = None
) -> AsyncIterator[None]:
    """Write what an operator does with a tenant into that tenant's own log, as `audited_elsewhere` does."""
    key = platform_key_of(request)
    actor = Actor("platform", key.key_id, key.name)
    entry = AuditEntry(actor, origin_of(request), action, tenant_id, detail or {})
    async with services_of(request).databases.briefly(tenant_id) as database, AuditLog(database).announced(entry):
        yield


def _entry(
    request: Request, action: str, subject: object, detail: dict[str, Any] | None
) -> tuple[AuditEntry, Database]:
    caller: Caller = request.state.caller
    database = services_of(request).databases.tenant(caller.tenant_id)
    return AuditEntry(caller.actor, origin_of(request), action, str(subject), detail or {}), database
