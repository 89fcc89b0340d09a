"""Who calls, for which tenant, and may they: asked once at the head of each route.

A route of the tenant's API says whom it is for by one of the `Allowed` below (`serve_apps/openapi.py` makes them part
of what it documents). They are checked before anything else of the request is looked at.
"""

import base64
import binascii
import uuid
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request

from schemas.ids import TenantId
from schemas.problems import KeyInvalid, RoleInsufficient, ScopeMissing, TenantMismatch, TokenInvalid
from serve_apps.services import services_of
from storage.postgres.audit import Actor
from storage.postgres.directory import KeyRecord, TenantRecord
from telemetry.clock import utc_now
from tenancy.keys import PLATFORM_PREFIX, SECRET_PREFIX
from tenancy.tokens import Claims


@dataclass(frozen=True, slots=True)
class Caller:
    """A user with a valid token, or a secret key; `user_id` is the user's id, or `key:` and the key's."""

    user_id: str
    tenant_id: TenantId
    actor: Actor
    claims: Claims | None = None
    key: KeyRecord | None = None

    @property
    def user_uuid(self) -> uuid.UUID:
        """The id of a user, on a route that is for users alone."""
        return uuid.UUID(self.user_id)


@dataclass(frozen=True, slots=True)
class Allowed:
    """Whom a route is for: users of these roles, and secret keys with this scope (None: no key)."""

    roles: frozenset[str]
    scope: Literal["read", "write"] | None

    async def check(self, request: Request) -> None:
        """Learn who calls: before the rest of the request is looked at, and for `user_of`.

        Raises:
            TokenInvalid: there is no valid token, nor a secret key where one may call.
            KeyInvalid: the secret key is unknown or revoked.
            RoleInsufficient, ScopeMissing: the caller is known, and not one of those.
            CsrfInvalid: the token came in a cookie, and the request may come from another site.
            TenantMismatch and the others of `tenant_of`: the request does not name the caller's tenant.
        """
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        text = credentials.strip() if scheme.lower() == "bearer" else ""
        if text.startswith(SECRET_PREFIX):
            request.state.caller = await self._key(request, text)
        else:
            request.state.caller = await self._user(request, text)
        request.state.tenant = await tenant_of(request, request.state.caller.tenant_id)

    def check_role(self, caller: Caller) -> None:
        """Refuse a caller who is none of those.

        Raises:
            RoleInsufficient: the user has another role.
        """
        if caller.claims is not None and caller.claims.role not in self.roles:
            raise RoleInsufficient(f"This call is for: {', '.join(sorted(self.roles))}.")

    async def _key(self, request: Request, text: str) -> Caller:
        if self.scope is None:
            raise ScopeMissing("This call is for users alone.")
        key = await services_of(request).feed.key(text, scope=self.scope)
        if key.tenant_id is None:
            raise KeyInvalid
        return Caller(f"key:{key.key_id}", key.tenant_id, Actor("key", key.key_id, key.name), key=key)

    async def _user(self, request: Request, token: str) -> Caller:
        services = services_of(request)
        by_cookie = None if "authorization" in request.headers else services.cookies.access_token(request)
        if not (token or by_cookie):
            raise TokenInvalid
        claims = await services.tokens.check(token or by_cookie or "", utc_now())
        if by_cookie:
            services.cookies.check(request, claims.session_id)
        caller = Caller(claims.user_id, claims.tenant_id, Actor("user", claims.user_id), claims)
        self.check_role(caller)
        return caller


READERS = Allowed(frozenset({"owner", "analyst", "viewer"}), "read")
EDITORS = Allowed(frozenset({"owner", "analyst"}), "write")
OWNERS = Allowed(frozenset({"owner"}), "write")
ADMINISTRATORS = Allowed(frozenset({"owner"}), None)
"""Owners in person: who may do what is not a key's to say."""
ONESELF = Allowed(frozenset({"owner", "analyst", "viewer"}), None)


def is_live(request: Request, caller: Caller) -> bool:
    """Say whether a caller who was allowed still is: for answers that go on."""
    services = services_of(request)
    if not services.feed.is_served(caller.tenant_id):
        return False
    if caller.claims is not None:
        return services.tokens.is_live(caller.claims)
    return caller.key is not None and services.feed.has_key(caller.key)


_PLATFORM_KEY_NEEDED = "This call needs a platform key: Authorization: Bearer pk_..."


async def tenant_of(request: Request, token_tenant: str | None = None) -> TenantRecord:
    """Find the tenant that a request names; see `DirectoryFeed.resolve` for what is refused."""
    headers = request.headers
    return await services_of(request).feed.resolve(
        host=headers.get("host", "").partition(":")[0].lower(),
        header=headers.get("x-tenant-id"),
        token_tenant=token_tenant,
    )


def carried_key(request: Request) -> str | None:
    """Take the key from X-Write-Key, Bearer, or the Basic user name (Segment's way); None if there is none.

    Raises:
        KeyInvalid: the Basic credentials cannot be read.
    """
    headers = request.headers
    key = headers.get("x-write-key")
    if key:
        return key
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip() or None
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials, validate=True).decode().partition(":")[0] or None
        except (binascii.Error, UnicodeDecodeError) as error:
            raise KeyInvalid("The Basic credentials are not base64.") from error
    return None


def presented_key(request: Request) -> str:
    """Take the key that a request must carry.

    Raises:
        KeyInvalid: there is none.
    """
    key = carried_key(request)
    if key is None:
        raise KeyInvalid
    return key


async def ingesting_tenant(request: Request) -> tuple[TenantRecord, KeyRecord]:
    """Find the tenant of a request, and the key with which it may send events to it.

    Raises:
        KeyInvalid: also when the key is another tenant's, so that nobody learns that it is one.
        ScopeMissing: the key may not send events.
    """
    tenant = await tenant_of(request)
    key = await services_of(request).feed.key(presented_key(request), scope="ingest")
    if key.tenant_id != tenant.tenant_id:
        raise KeyInvalid
    return tenant, key


async def tenant_of_key(request: Request, text: str | None) -> tuple[TenantRecord, KeyRecord]:
    """Find the tenant that a write key names by itself, with which host and X-Tenant-ID must agree.

    Raises:
        KeyInvalid: also when they do not agree, so that nobody learns that it is another tenant's key.
        ScopeMissing: the key may not send events.
    """
    if text is None:
        raise KeyInvalid
    key = await services_of(request).feed.key(text, scope="ingest")
    if key.tenant_id is None:
        # The platform's: it names no tenant, and the header alone would do.
        raise KeyInvalid
    try:
        return await tenant_of(request, key.tenant_id), key
    except TenantMismatch:
        raise KeyInvalid from None


async def user_of(request: Request, allowed: Allowed = READERS) -> tuple[TenantRecord, Caller]:
    """Give who calls, and the tenant that they and the request agree on.

    The route's own declaration has been checked before; `allowed` narrows it by what the request asks for.

    Raises:
        RoleInsufficient: the user's role is none of those asked for.
    """
    caller: Caller = request.state.caller
    allowed.check_role(caller)
    return request.state.tenant, caller


@dataclass(frozen=True, slots=True)
class AllowedPlatform:
    """Platform keys with a scope."""

    scope: str

    async def check(self, request: Request) -> None:
        """Learn which platform key a request carries, before the rest of it is looked at; for `platform_key_of`.

        Raises:
            KeyInvalid: there is none, or it is a tenant's.
            ScopeMissing: it may not do this.
        """
        text = presented_key(request)
        if not text.startswith(PLATFORM_PREFIX):
            raise KeyInvalid(_PLATFORM_KEY_NEEDED)
        request.state.platform_key = await services_of(request).feed.key(text, scope=self.scope)


def platform_key_of(request: Request) -> KeyRecord:
    """Give the platform key that a request carries."""
    key: KeyRecord = request.state.platform_key
    return key
