"""Logging in to a tenant, and the public keys by which others check its tokens."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from schemas.problems import CredentialsWrong, LoginTooOften, SpoolUnavailable, TokenInvalid
from serve_apps.answers import KeySet
from serve_apps.callers import tenant_of, user_of
from serve_apps.openapi import TENANT, USER, documented
from serve_apps.parameters import Word
from serve_apps.services import services_of
from storage.postgres.directory import TenantRecord
from storage.postgres.users import Users
from telemetry.clock import utc_now
from tenancy.login import Logins, Session

router = APIRouter()


class Credentials(BaseModel):
    """What a person logs in with."""

    email: Annotated[Word, StringConstraints(min_length=1, max_length=320)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class Renewal(BaseModel):
    """What goes on with, or ends, a session."""

    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=256)]


class SessionAnswer(BaseModel):
    """Tokens of a session; `expires_in` is in seconds."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the RFC's word
    expires_in: int
    refresh_token: str


class Me(BaseModel):
    """Who a token belongs to."""

    user_id: str
    tenant_id: str
    role: str


def _logins(request: Request, tenant: TenantRecord) -> Logins:
    services = services_of(request)
    users = Users(services.databases.tenant(tenant.tenant_id))
    return Logins(tenant.tenant_id, users, services.passwords, services.tokens, services.settings.auth)


def _answer(session: Session) -> SessionAnswer:
    return SessionAnswer(
        access_token=session.access_token, expires_in=session.expires_in, refresh_token=session.refresh_token
    )


@router.post("/api/v1/auth", **documented(TENANT, CredentialsWrong, LoginTooOften, SpoolUnavailable))
async def log_in(request: Request, credentials: Credentials) -> SessionAnswer:
    """Log in by email and password."""
    logins = _logins(request, await tenant_of(request))
    return _answer(await logins.log_in(credentials.email, credentials.password, utc_now()))


@router.post("/api/v1/auth/refresh", **documented(TENANT, TokenInvalid, SpoolUnavailable))
async def refresh_session(request: Request, renewal: Renewal) -> SessionAnswer:
    """Exchange a refresh token, once, for new tokens."""
    logins = _logins(request, await tenant_of(request))
    return _answer(await logins.refresh(renewal.refresh_token, utc_now()))


@router.post("/api/v1/auth/logout", status_code=204, **documented(TENANT, SpoolUnavailable))
async def log_out(request: Request, renewal: Renewal) -> Response:
    """End a session."""
    await _logins(request, await tenant_of(request)).log_out(renewal.refresh_token)
    return Response(status_code=204)


@router.get("/api/v1/auth/me", **documented(USER))
async def get_me(request: Request) -> Me:
    """Say who the token belongs to."""
    tenant, claims = await user_of(request)
    return Me(user_id=claims.user_id, tenant_id=tenant.tenant_id, role=claims.role)


@router.get("/.well-known/jwks.json", response_model=KeySet, **documented(TENANT))
async def get_jwks(request: Request) -> dict[str, list[dict[str, Any]]]:
    """List the public keys of the tenant's tokens."""
    tenant = await tenant_of(request)
    return {"keys": services_of(request).tokens.public_keys(tenant.tenant_id)}
