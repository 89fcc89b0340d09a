"""Who calls, for which tenant, and may they: asked once at the head of each route."""

import base64
import binascii

from starlette.requests import Request

from schemas.problems import KeyInvalid, RoleInsufficient, TokenInvalid
from serve_apps.services import services_of
from storage.postgres.directory import KeyRecord, TenantRecord
from tenancy.tokens import Claims

READERS = frozenset({"owner", "analyst", "viewer"})
OWNERS = frozenset({"owner"})
EDITORS = frozenset({"owner", "analyst"})


async def tenant_of(request: Request, token_tenant: str | None = None) -> TenantRecord:
    """Find the tenant that a request names; see `DirectoryFeed.resolve` for what is refused."""
    headers = request.headers
    return await services_of(request).feed.resolve(
        host=headers.get("host", "").partition(":")[0].lower(),
        header=headers.get("x-tenant-id"),
        token_tenant=token_tenant,
    )


def presented_key(request: Request) -> str:
    """Take the key from X-Write-Key, Bearer, or the Basic user name (Segment's way).

    Raises:
        KeyInvalid: there is none.
    """
    headers = request.headers
    key = headers.get("x-write-key")
    if key:
        return key
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials:
        return credentials.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(credentials, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError) as error:
            raise KeyInvalid("The Basic credentials are not base64.") from error
    if not key:
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


async def user_of(request: Request, roles: frozenset[str] = READERS) -> tuple[TenantRecord, Claims]:
    """Find the user of an access token, and the tenant that the token and the request agree on.

    Raises:
        TokenInvalid: there is no valid token.
        RoleInsufficient: the user's role is none of those asked for.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenInvalid
    claims = services_of(request).tokens.check(token.strip())
    tenant = await tenant_of(request, claims.tenant_id)
    if claims.role not in roles:
        raise RoleInsufficient(f"This call is for: {', '.join(sorted(roles))}.")
    return tenant, claims
