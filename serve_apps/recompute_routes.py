"""History under another policy: computed in the background, shown, then adopted."""

import secrets
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from schemas.limits import PAGE_ROWS_DEFAULT
from schemas.policy import parse_policy, policy_document
from schemas.policy_problems import (
    PoliciesTooMany,
    PolicyInvalid,
    PolicyUnknown,
    RecomputeUnfinished,
    RecomputeUnknown,
    TooManyRecomputes,
)
from schemas.policy_versions import PolicyVersion
from schemas.problems import ActorUnavailable, RequestInvalid
from schemas.recomputes import NewRecompute, RecomputeRecord, RecomputeState
from serve_apps.answers import Listing
from serve_apps.audited import audited
from serve_apps.callers import EDITORS, OWNERS, user_of
from serve_apps.openapi import EDITOR, OWNER, USER, documented
from serve_apps.parameters import Limit, Moment, Word
from serve_apps.person_answers import Recompute, RecomputeSummary
from serve_apps.services import services_of
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.jobs import TenantWork
from storage.postgres.policies import Policies
from storage.postgres.recomputes import Recomputes
from tenancy.policy_adoption import name_conversions

router = APIRouter()

_PATH = "/api/v1/attributions/recompute"
_ID_BYTES = 8
_EXAMPLES = 20


class AskedRecompute(BaseModel):
    """Which conversions, by when they happened, under which policy: a version, or a document, which becomes one."""

    model_config = ConfigDict(extra="forbid")

    policy_version: int | None = Field(None, ge=1, le=2**31 - 1)
    policy: dict[str, Any] | None = None
    since: Moment = Field(alias="from")
    until: Moment = Field(alias="to")
    dry_run: bool = Field(
        default=True, description="Only show the difference; otherwise adopt it as soon as it is known."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> "AskedRecompute":
        if (self.policy_version is None) == (self.policy is None):
            raise ValueError("name either `policy_version` or `policy`")
        if self.since >= self.until:
            raise ValueError("`from` must be before `to`")
        return self


@router.post(
    _PATH,
    status_code=202,
    response_model=Recompute,
    **documented(EDITOR, PolicyInvalid, PolicyUnknown, PoliciesTooMany, TooManyRecomputes, RequestInvalid),
)
async def create_recompute(request: Request, response: Response, asked: AskedRecompute) -> dict[str, Any]:
    """Attribute past conversions under another policy in the background, to see what would change."""
    # What adopts by itself is an owner's to ask for.
    tenant, caller = await user_of(request, EDITORS if asked.dry_run else OWNERS)
    services = services_of(request)
    database = services.databases.tenant(tenant.tenant_id)
    recompute_id, user = secrets.token_hex(_ID_BYTES), caller.user_id
    async with audited(request, "recompute.create", recompute_id) as entry:
        version = await _version(Policies(database), asked, user)
        new = NewRecompute(recompute_id, version.version, asked.since, asked.until, asked.dry_run, user)
        record = await Recomputes(database).add(new)
        entry.detail = {"policy_version": version.version, "dry_run": asked.dry_run}
    # It is queued, and will be found: to have it asked for once more would make another.
    with suppress(ActorUnavailable, *CONNECTION_LOST):
        await TenantWork(services.databases.control(), tenant.tenant_id, "recompute").enter(recompute_id)
        await services.actors.look_again(tenant.tenant_id)
    response.headers["Location"] = f"{_PATH}/{recompute_id}"
    return record.document() | {"examples": []}


@router.get(_PATH, response_model=Listing[RecomputeSummary], **documented(USER))
async def list_recomputes(request: Request, limit: Limit = PAGE_ROWS_DEFAULT) -> dict[str, Any]:
    """List recomputations, newest first."""
    recomputes, *_ = await _recomputes(request)
    return {"data": [record.document() for record in await recomputes.newest(limit)]}


@router.get(f"{_PATH}/{{recompute_id}}", response_model=Recompute, **documented(USER, RecomputeUnknown))
async def get_recompute(
    request: Request,
    recompute_id: Word,
    examples: Annotated[int, Query(ge=0, le=1000, description="How many moved conversions to show.")] = _EXAMPLES,
) -> dict[str, Any]:
    """Say how far a recomputation came, and what it would move: counts by media source, and some conversions."""
    recomputes, *_ = await _recomputes(request)
    return await _document(recomputes, await recomputes.one(recompute_id), examples)


@router.post(
    f"{_PATH}/{{recompute_id}}/adopt",
    response_model=Recompute,
    **documented(OWNER, RecomputeUnknown, RecomputeUnfinished, ActorUnavailable),
)
async def adopt_recompute(request: Request, recompute_id: Word) -> dict[str, Any]:
    """Put the policy in force and write the revisions that were shown; asking again changes nothing."""
    recomputes, tenant_id, user = await _recomputes(request)
    async with audited(request, "recompute.adopt", recompute_id):
        await recomputes.adopt(recompute_id, user)
        record = await recomputes.one(recompute_id)
        document = await _document(recomputes, record, _EXAMPLES)
        if document["state"] != RecomputeState.ADOPTED:
            raise RecomputeUnfinished
    services = services_of(request)
    version = await Policies(services.databases.tenant(tenant_id)).one(document["policy_version"])
    assert version is not None
    await name_conversions(services.databases, tenant_id, version)
    await services.actors.look_again(tenant_id)
    return document


async def _recomputes(request: Request) -> tuple[Recomputes, Any, str]:
    tenant, caller = await user_of(request)
    return Recomputes(services_of(request).databases.tenant(tenant.tenant_id)), tenant.tenant_id, caller.user_id


async def _version(policies: Policies, asked: AskedRecompute, user: str) -> PolicyVersion:
    if asked.policy is not None:
        document = policy_document(parse_policy(asked.policy, 1))
        return await policies.add(document, "Made for a recomputation.", user)
    assert asked.policy_version is not None
    found = await policies.one(asked.policy_version)
    if found is None:
        raise PolicyUnknown
    return found


async def _document(recomputes: Recomputes, record: RecomputeRecord | None, examples: int) -> dict[str, Any]:
    if record is None:
        raise RecomputeUnknown
    moves = await recomputes.moves(record.asked.recompute_id, examples)
    return record.document() | {
        "examples": [{"conversion_id": move.conversion_id, "changes": move.changes} for move in moves]
    }
