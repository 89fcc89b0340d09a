"""The people who may log in to a tenant: invited, given roles, removed."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from schemas.access_problems import LastOwner, UserExists, UsersTooMany, UserUnknown
from serve_apps.access_answers import InvitedUser, NewUser, ResetLink, RoleChange, User
from serve_apps.account_links import accounts_of, mail_link
from serve_apps.answers import Listing
from serve_apps.audited import audited
from serve_apps.callers import user_of
from serve_apps.openapi import ADMINISTRATOR, documented
from serve_apps.services import services_of
from storage.postgres.users import UserRecord, Users

router = APIRouter()

_ONE = "/api/v1/users/{user_id}"


@router.get("/api/v1/users", response_model=Listing[User], **documented(ADMINISTRATOR))
async def list_users(request: Request) -> dict[str, Any]:
    """List the tenant's users, in the order in which they came."""
    tenant, _ = await user_of(request)
    users = await Users(services_of(request).databases.tenant(tenant.tenant_id)).all()
    return {"data": [_document(user) for user in users]}


@router.post(
    "/api/v1/users",
    status_code=201,
    response_model=InvitedUser,
    **documented(ADMINISTRATOR, UserExists, UsersTooMany),
)
async def invite_user(request: Request, response: Response, new: NewUser) -> dict[str, Any]:
    """Invite somebody; again, as long as they have not chosen a password: the link before is void then."""
    tenant, _ = await user_of(request)
    async with audited(request, "user.invite", detail={"email": new.email, "role": new.role}) as entry:
        user, token = await accounts_of(request, tenant).invite(new.email, new.role)
        entry.subject = str(user.user_id)
    url = await mail_link(services_of(request), tenant, user, token)
    response.headers["Cache-Control"] = "no-store"
    return _document(user) | {"invitation_url": url}


@router.patch(_ONE, response_model=User, **documented(ADMINISTRATOR, UserUnknown, LastOwner))
async def change_role(request: Request, user_id: UUID, change: RoleChange) -> dict[str, Any]:
    """Give a user another role: refreshed tokens have it at once, and older ones end within a second."""
    tenant, _ = await user_of(request)
    async with audited(request, "user.role", user_id, {"role": change.role}) as entry:
        user = await accounts_of(request, tenant).set_role(user_id, change.role)
        entry.detail["email"] = user.email
    return _document(user)


@router.delete(_ONE, status_code=204, **documented(ADMINISTRATOR, UserUnknown, LastOwner))
async def remove_user(request: Request, user_id: UUID) -> Response:
    """Remove a user: sessions end at once, access tokens within a second."""
    tenant, _ = await user_of(request)
    async with audited(request, "user.remove", user_id) as entry:
        entry.detail["email"] = (await accounts_of(request, tenant).remove(user_id)).email
    return Response(status_code=204)


@router.post(f"{_ONE}/reset", response_model=ResetLink, **documented(ADMINISTRATOR, UserUnknown))
async def reset_user(request: Request, response: Response, user_id: UUID) -> dict[str, Any]:
    """Make a link by which a user chooses another password, and mail it; until then the old one works."""
    tenant, _ = await user_of(request)
    async with audited(request, "user.reset", user_id) as entry:
        user, token = await accounts_of(request, tenant).reset(user_id)
        entry.detail["email"] = user.email
    response.headers["Cache-Control"] = "no-store"
    return {"reset_url": await mail_link(services_of(request), tenant, user, token)}


def _document(user: UserRecord) -> dict[str, Any]:
    return {
        "user_id": user.user_id,
        "email": user.email,
        "role": user.role,
        "state": user.state,
        "created_at": user.created_at,
        "last_login_at": user.last_login_at,
    }
