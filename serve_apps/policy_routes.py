"""Policies: a tenant's choices of who gets a conversion, in versions that never change."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from schemas.policy import parse_policy, policy_document
from schemas.policy_problems import PoliciesTooMany, PolicyInvalid, PolicyUnknown
from schemas.policy_versions import PolicyVersion
from schemas.problems import RequestInvalid
from serve_apps.audited import audited
from serve_apps.callers import user_of
from serve_apps.openapi import EDITOR, OWNER, USER, documented
from serve_apps.parameters import Word
from serve_apps.person_answers import PolicyDetails, PolicyListing
from serve_apps.services import services_of
from storage.postgres.policies import Policies
from tenancy.policy_adoption import name_conversions

router = APIRouter()

Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


class NewPolicy(BaseModel):
    """A policy to be kept as the next version; a field that is left out takes its default."""

    model_config = ConfigDict(extra="forbid")

    policy: dict[str, Any] = Field(description="The choices; GET /api/v1/policies shows every field with its value.")
    note: Word = Field("", description="What it is for, for those who come later.")


@router.get("/api/v1/policies", response_model=PolicyListing, **documented(USER))
async def list_policies(request: Request) -> dict[str, Any]:
    """List every version of the policy, newest first, and say which is in force."""
    policies, _ = await _policies(request)
    versions = await policies.versions()
    (adopted,) = (each.version for each in versions if each.is_adopted)
    return {"adopted_version": adopted, "data": [_details(each) for each in versions]}


@router.get("/api/v1/policies/{version}", response_model=PolicyDetails, **documented(USER, PolicyUnknown))
async def get_policy(request: Request, version: Version) -> dict[str, Any]:
    """Give one version."""
    policies, _ = await _policies(request)
    found = await policies.one(version)
    if found is None:
        raise PolicyUnknown
    return _details(found)


@router.put(
    "/api/v1/policies",
    response_model=PolicyDetails,
    **documented(EDITOR, PolicyInvalid, PoliciesTooMany, RequestInvalid),
)
async def put_policy(request: Request, new: NewPolicy) -> dict[str, Any]:
    """Keep a policy as the next version, a draft until it is adopted; the newest one if it says the same."""
    policies, user = await _policies(request)
    document = policy_document(parse_policy(new.policy, 1))
    async with audited(request, "policy.draft", detail={"note": new.note}) as entry:
        version = await policies.add(document, new.note, user)
        entry.subject = str(version.version)
    return _details(version)


@router.post("/api/v1/policies/{version}/adopt", response_model=PolicyDetails, **documented(OWNER, PolicyUnknown))
async def adopt_policy(request: Request, version: Version) -> dict[str, Any]:
    """Put a version in force, newer or older: within two seconds new conversions are attributed by it."""
    tenant, caller = await user_of(request)
    databases = services_of(request).databases
    async with audited(request, "policy.adopt", version):
        adopted = await Policies(databases.tenant(tenant.tenant_id)).adopt(version, caller.user_id)
        if adopted is None:
            raise PolicyUnknown
    await name_conversions(databases, tenant.tenant_id, adopted)
    return _details(adopted)


async def _policies(request: Request) -> tuple[Policies, str]:
    tenant, caller = await user_of(request)
    return Policies(services_of(request).databases.tenant(tenant.tenant_id)), caller.user_id


def _details(version: PolicyVersion) -> dict[str, Any]:
    fields = asdict(version)
    return fields | {"policy": policy_document(parse_policy(fields.pop("document"), version.version))}
