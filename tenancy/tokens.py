"""Access tokens: JWTs signed with the tenant's own Ed25519 key (RFC 8725: one algorithm, key by `kid` alone)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from schemas.access_settings import AuthSettings
from schemas.ids import TenantId
from schemas.problems import TokenInvalid
from storage.postgres.directory import SigningKeyRecord
from tenancy.directory import DirectoryFeed
from tenancy.sealing import Sealer
from tenancy.signing_keys import KeyState, ScheduledKey, schedule

_ALGORITHM = "EdDSA"
_TYPE = "at+jwt"
_TOKEN_CHARS_MAX = 4096
_LEEWAY_SECONDS = 30
_ROLES = frozenset({"owner", "analyst", "viewer"})
_CLAIMS = ("exp", "iat", "nbf", "aud", "iss", "sub", "tid", "role", "sid", "ver", "jti")


def token_seconds(settings: AuthSettings) -> int:
    """Say how long a token can be accepted at most: clocks may differ by the leeway on both sides."""
    return settings.access_seconds + 2 * _LEEWAY_SECONDS


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid access token says: who, in which session, and as of which version of what the user may do."""

    user_id: str
    tenant_id: TenantId
    role: str
    session_id: str
    session_version: int


def new_signing_key(tenant_id: TenantId, sealer: Sealer) -> SigningKeyRecord:
    """Make a tenant's Ed25519 key; the private half is sealed for the tenant."""
    key = Ed25519PrivateKey.generate()
    kid = uuid.uuid4().hex
    private = key.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    jwk = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig", "alg": _ALGORITHM}
    return SigningKeyRecord(kid, tenant_id, sealer.seal(private, tenant_id), orjson.dumps(jwk).decode())


class Tokens:
    """Issues and checks access tokens with the keys of the directory."""

    def __init__(self, feed: DirectoryFeed, sealer: Sealer, settings: AuthSettings) -> None:
        self._feed = feed
        self._sealer = sealer
        self._settings = settings

    def issue(self, claims: Claims, now: datetime) -> str:
        """Sign a token that is valid from now for `access_seconds`."""
        record = next(key.record for key in self.keys(claims.tenant_id, now) if key.state is KeyState.CURRENT)
        key = Ed25519PrivateKey.from_private_bytes(self._sealer.open(record.private_key_sealed, claims.tenant_id))
        return jwt.encode(
            {
                "iss": self._settings.issuer,
                "aud": claims.tenant_id,
                "sub": claims.user_id,
                "tid": claims.tenant_id,
                "role": claims.role,
                "sid": claims.session_id,
                "ver": claims.session_version,
                "iat": now,
                "nbf": now,
                "exp": now + timedelta(seconds=self._settings.access_seconds),
                "jti": uuid.uuid4().hex,
            },
            key,
            algorithm=_ALGORITHM,
            headers={"kid": record.kid, "typ": _TYPE},
        )

    async def check(self, token: str, now: datetime) -> Claims:
        """Verify a token.

        Raises:
            TokenInvalid: anything about it is wrong.
            DirectoryUnavailable: its key is not known here, and the control database does not answer.
        """
        if len(token) > _TOKEN_CHARS_MAX:
            raise TokenInvalid
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != _TYPE or header.get("alg") != _ALGORITHM:
                raise TokenInvalid
            record = await self._key(str(header.get("kid")), now)
            claims = _claims(self._decode(token, record), record.tenant_id)
        except jwt.InvalidTokenError as error:
            raise TokenInvalid from error
        if not self.is_live(claims):
            raise TokenInvalid("The session has ended, or what its user may do has changed.")
        return claims

    def is_live(self, claims: Claims) -> bool:
        """Say whether tokens like this one have not been ended, as far as this replica knows."""
        return not self._feed.snapshot.has_ended(
            claims.tenant_id, claims.user_id, claims.session_id, claims.session_version
        )

    def keys(self, tenant_id: TenantId, now: datetime) -> list[ScheduledKey]:
        """List the tenant's keys that verify now or will."""
        return schedule(self._feed.snapshot.signing_keys_of.get(tenant_id, ()), now, token_seconds(self._settings))

    def public_keys(self, tenant_id: TenantId, now: datetime) -> list[dict[str, str]]:
        """List the tenant's public keys as JWKs."""
        return [orjson.loads(key.record.public_jwk) for key in self.keys(tenant_id, now)]

    async def _key(self, kid: str, now: datetime) -> SigningKeyRecord:
        record = await self._feed.signing_key(kid)
        if record is None or all(key.record.kid != kid for key in self.keys(record.tenant_id, now)):
            raise TokenInvalid
        return record

    def _decode(self, token: str, record: SigningKeyRecord) -> dict[str, Any]:
        return jwt.decode(
            token,
            jwt.PyJWK.from_json(record.public_jwk),
            algorithms=[_ALGORITHM],
            audience=record.tenant_id,
            issuer=self._settings.issuer,
            leeway=_LEEWAY_SECONDS,
            options={"require": list(_CLAIMS)},
        )


def _claims(said: dict[str, Any], tenant_id: TenantId) -> Claims:
    if said["tid"] != tenant_id or said["role"] not in _ROLES or not isinstance(said["ver"], int):
        raise TokenInvalid
    return Claims(str(said["sub"]), tenant_id, said["role"], str(said["sid"]), said["ver"])
