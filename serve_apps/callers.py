"""Who calls, for which tenant, and may they: asked once at the head of each route."""

import base64
import binascii

from starlette.requests import Request

from schemas.problems import KeyInvalid, RoleInsufficient, TenantMismatch, TokenInvalid
from serve_apps.services import services_of
from storage.postgres.directory import KeyRecord, TenantRecord
from tenancy.tokens import Claims

READERS = frozenset({"owner", "analyst", "viewer"})
OWNERS = frozenset({"owner"})
EDITORS = frozenset({"owner", "analyst"})

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
    try:
        return await tenant_of(request, key.tenant_id), key
    except TenantMismatch:
        raise KeyInvalid from None


async def check_token(request: Request) -> None:
    """Learn whose access token a request carries: before the rest of it is looked at, and for `user_of`.

    Raises:
        TokenInvalid: there is no valid token.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenInvalid
    request.state.claims = services_of(request).tokens.check(token.strip())


async def user_of(request: Request, roles: frozenset[str] = READERS) -> tuple[TenantRecord, Claims]:
    """Find the user of the access token, and the tenant that the token and the request agree on.

    Raises:
        RoleInsufficient: the user's role is none of those asked for.
    """
    claims: Claims = request.state.claims
    tenant = await tenant_of(request, claims.tenant_id)
    if claims.role not in roles:
        raise RoleInsufficient(f"This call is for: {', '.join(sorted(roles))}.")
    return tenant, claims


async def check_platform_key(request: Request, scope: str) -> None:
    """Learn which platform key a request carries, before the rest of it is looked at; for `platform_key_of`.

    Raises:
        KeyInvalid: there is none, or it is a tenant's.
        ScopeMissing: it may not do this.
    """
    text = presented_key(request)
    if not text.startswith("pk_"):
        raise KeyInvalid(_PLATFORM_KEY_NEEDED)
    key = await services_of(request).feed.key(text, scope=scope)
    if key.kind != "platform":
        raise KeyInvalid(_PLATFORM_KEY_NEEDED)
    request.state.platform_key = key


def platform_key_of(request: Request) -> KeyRecord:
    """Give the platform key that a request carries."""
    key: KeyRecord = request.state.platform_key
    return key
