"""Logging in to a tenant, choosing a password, and the public keys by which others check the tenant's tokens.

A session's tokens are in the body, or with the header `X-Session: cookie` in cookies (`session_cookies.py`).
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, BackgroundTasks, Header
from starlette.requests import Request
from starlette.responses import Response

from schemas.access_problems import CsrfInvalid, LinkTokenInvalid, PasswordRefused, UserUnknown
from schemas.problems import CredentialsWrong, LoginTooOften, SpoolUnavailable, TokenInvalid
from serve_apps.access_answers import (
    Acceptance,
    CookieSession,
    Credentials,
    Forgotten,
    Me,
    PasswordChange,
    Renewal,
    SessionAnswer,
    SessionUser,
    Taken,
)
from serve_apps.account_links import accounts_of, logins_of, mail_link
from serve_apps.answers import KeySet
from serve_apps.audited import origin_of
from serve_apps.callers import tenant_of, user_of
from serve_apps.openapi import SELF, TENANT, documented
from serve_apps.services import services_of
from storage.postgres.users import UserRecord, Users
from telemetry.clock import utc_now
from tenancy.login import Session

router = APIRouter()

_JWKS_SECONDS = 300

SessionMode = Annotated[
    Literal["cookie", "token"],
    Header(alias="X-Session", description="`cookie`: tokens go into cookies, for browsers. Default: into the body."),
]


def _answer(request: Request, response: Response, session: Session, mode: str) -> SessionAnswer | CookieSession:
    response.headers["Cache-Control"] = "no-store"
    if mode != "cookie":
        return SessionAnswer(
            access_token=session.access_token, expires_in=session.expires_in, refresh_token=session.refresh_token
        )
    services_of(request).cookies.write(response, session)
    return CookieSession(expires_in=session.expires_in, user=SessionUser(**_user(session.user)))


def _user(user: UserRecord) -> dict[str, Any]:
    return {"user_id": user.user_id, "email": user.email, "role": user.role}


@router.post("/api/v1/auth", **documented(TENANT, CredentialsWrong, LoginTooOften, SpoolUnavailable))
async def log_in(
    request: Request, response: Response, credentials: Credentials, mode: SessionMode = "token"
) -> SessionAnswer | CookieSession:
    """Log in by email and password."""
    logins = logins_of(request, await tenant_of(request))
    session = await logins.log_in(credentials.email, credentials.password, origin_of(request), utc_now())
    return _answer(request, response, session, mode)


@router.post("/api/v1/auth/refresh", **documented(TENANT, TokenInvalid, CsrfInvalid, SpoolUnavailable))
async def refresh_session(
    request: Request, response: Response, renewal: Renewal | None = None
) -> SessionAnswer | CookieSession:
    """Exchange a refresh token, once, for new tokens; without a body, the one in the cookie."""
    logins = logins_of(request, await tenant_of(request))
    token = renewal.refresh_token if renewal else _refresh_cookie(request)
    session = await logins.refresh(token, origin_of(request), utc_now())
    return _answer(request, response, session, "token" if renewal else "cookie")


@router.post("/api/v1/auth/logout", status_code=204, **documented(TENANT, TokenInvalid, CsrfInvalid, SpoolUnavailable))
async def log_out(request: Request, renewal: Renewal | None = None) -> Response:
    """End a session by a refresh token, in the body or in the cookie; its access tokens end within a second."""
    logins = logins_of(request, await tenant_of(request))
    await logins.log_out(renewal.refresh_token if renewal else _refresh_cookie(request), origin_of(request))
    response = Response(status_code=204)
    if renewal is None:
        services_of(request).cookies.clear(response)
    return response


def _refresh_cookie(request: Request) -> str:
    cookies = services_of(request).cookies
    token = cookies.refresh_token(request)
    if token is None:
        raise TokenInvalid("There is no refresh token, neither in the body nor in a cookie.")
    cookies.check(request)
    return token


@router.get("/api/v1/auth/me", **documented(SELF))
async def get_me(request: Request) -> Me:
    """Say who the token belongs to."""
    tenant, caller = await user_of(request)
    user = await Users(services_of(request).databases.tenant(tenant.tenant_id)).by_id(caller.user_uuid)
    if user is None:
        raise TokenInvalid("The user was removed.")
    return Me(**_user(user), tenant_id=tenant.tenant_id, name=tenant.name)


@router.put("/api/v1/auth/password", **documented(SELF, CredentialsWrong, LoginTooOften, PasswordRefused, UserUnknown))
async def change_password(
    request: Request, response: Response, change: PasswordChange, mode: SessionMode = "token"
) -> SessionAnswer | CookieSession:
    """Choose another password: every session of the user ends, and this is answered like a login."""
    tenant, caller = await user_of(request)
    session = await accounts_of(request, tenant).change_password(
        caller.user_uuid, change.password, change.new_password, origin_of(request), utc_now()
    )
    return _answer(request, response, session, mode)


@router.post("/api/v1/auth/forgot", status_code=202, **documented(TENANT, LoginTooOften, SpoolUnavailable))
async def forget_password(request: Request, forgotten: Forgotten, background: BackgroundTasks) -> Taken:
    """Have a link mailed by which another password can be chosen; answered alike whether the user exists or not."""
    tenant = await tenant_of(request)
    accounts, origin = accounts_of(request, tenant), origin_of(request)
    await accounts.count_reset(forgotten.email, origin)

    async def send() -> None:
        found = await accounts.forgotten(forgotten.email, origin)
        if found is not None:
            await mail_link(services_of(request), tenant, *found)

    if services_of(request).mailer.is_on:
        # After the answer, which takes as long for everybody.
        background.add_task(send)
    return Taken()


@router.post(
    "/api/v1/auth/accept",
    **documented(TENANT, LinkTokenInvalid, PasswordRefused, CredentialsWrong, UserUnknown, SpoolUnavailable),
)
async def accept_link(
    request: Request, response: Response, acceptance: Acceptance, mode: SessionMode = "token"
) -> SessionAnswer | CookieSession:
    """Take an invitation or reset link: its user gets this password, and this is answered like a login."""
    accounts = accounts_of(request, await tenant_of(request))
    session = await accounts.accept(acceptance.token, acceptance.password, origin_of(request), utc_now())
    return _answer(request, response, session, mode)


@router.get("/.well-known/jwks.json", response_model=KeySet, **documented(TENANT))
async def get_jwks(request: Request, response: Response) -> dict[str, list[dict[str, Any]]]:
    """List the public keys of the tenant's tokens; the next one is there before it signs."""
    tenant = await tenant_of(request)
    response.headers["Cache-Control"] = f"public, max-age={_JWKS_SECONDS}"
    return {"keys": services_of(request).tokens.public_keys(tenant.tenant_id, utc_now())}
