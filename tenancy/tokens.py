"""Access tokens: JWTs signed with the tenant's own Ed25519 key (RFC 8725: one algorithm, key by `kid` alone)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from schemas.ids import TenantId
from schemas.problems import TokenInvalid
from schemas.settings import AuthSettings
from storage.postgres.directory import SigningKeyRecord
from tenancy.directory import DirectoryFeed
from tenancy.sealing import Sealer

_ALGORITHM = "EdDSA"
_TYPE = "at+jwt"
_TOKEN_CHARS_MAX = 4096
_LEEWAY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid access token says."""

    user_id: str
    tenant_id: TenantId
    role: str


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
        record = self._feed.snapshot.signing_key_of(claims.tenant_id)
        key = Ed25519PrivateKey.from_private_bytes(self._sealer.open(record.private_key_sealed, claims.tenant_id))
        return jwt.encode(
            {
                "iss": self._settings.issuer,
                "aud": claims.tenant_id,
                "sub": claims.user_id,
                "tid": claims.tenant_id,
                "role": claims.role,
                "iat": now,
                "nbf": now,
                "exp": now + timedelta(seconds=self._settings.access_seconds),
                "jti": uuid.uuid4().hex,
            },
            key,
            algorithm=_ALGORITHM,
            headers={"kid": record.kid, "typ": _TYPE},
        )

    def check(self, token: str) -> Claims:
        """Verify a token.

        Raises:
            TokenInvalid: anything about it is wrong.
        """
        if len(token) > _TOKEN_CHARS_MAX:
            raise TokenInvalid
        try:
            header = jwt.get_unverified_header(token)
            record = self._feed.snapshot.signing_keys.get(str(header.get("kid")))
            if record is None or header.get("typ") != _TYPE:
                raise TokenInvalid
            claims = jwt.decode(
                token,
                jwt.PyJWK.from_json(record.public_jwk),
                algorithms=[_ALGORITHM],
                audience=record.tenant_id,
                issuer=self._settings.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "nbf", "aud", "iss", "sub", "tid", "role", "jti"]},
            )
        except jwt.InvalidTokenError as error:
            raise TokenInvalid from error
        if claims["tid"] != record.tenant_id:
            raise TokenInvalid
        return Claims(claims["sub"], record.tenant_id, claims["role"])

    def public_keys(self, tenant_id: TenantId) -> list[dict[str, str]]:
        """List the tenant's public keys as JWKs."""
        keys = self._feed.snapshot.signing_keys.values()
        return [orjson.loads(key.public_jwk) for key in keys if key.tenant_id == tenant_id]
