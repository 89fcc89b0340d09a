"""What an access token is checked for (RFC 8725), with the tenant's real key in the hand of whoever forges."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from schemas.ids import parse_tenant_id
from storage.postgres.connect import Databases
from storage.postgres.directory import DirectoryReader
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tenancy.sealing import Sealer
from tests.in_time import best_of_rounds, in_time
from tests.stack_fixtures import RunningStack, eventually, new_tenant

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Forge:
    """A tenant, its real signing key, a real token's claims, and a client."""

    tenant: ProvisionedTenant
    key: Ed25519PrivateKey
    kid: str
    claims: dict[str, Any]
    session: dict[str, Any]
    http: httpx.AsyncClient

    def sign(self, key: Any = None, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """Sign a token as the tenant would, but for what is named; None leaves a claim out."""
        said = {name: value for name, value in (self.claims | claims).items() if value is not None}
        return jwt.encode(
            said, key or self.key, algorithm="EdDSA", headers={"kid": self.kid, "typ": "at+jwt"} | (headers or {})
        )

    async def code(self, token: str) -> str:
        """Say as which problem a token is refused; the empty text if it is taken."""
        answer = await self.http.get("/api/v1/links", headers={"Authorization": f"Bearer {token}"})
        return "" if answer.status_code == 200 else answer.json()["code"]


async def forge_of(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> Forge:
    login = {"email": tenant.owner_email, "password": tenant.owner_password}
    headers = {"X-Tenant-ID": tenant.tenant_id}
    session = (await http.post("/api/v1/auth", json=login, headers=headers)).json()
    token = session["access_token"]
    kid = jwt.get_unverified_header(token)["kid"]
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    keys = (await DirectoryReader(databases.control()).rows()).signing_keys
    await databases.close()
    sealed = next(key.private_key_sealed for key in keys if key.kid == kid)
    private = Sealer(running.stack.backends).open(sealed, tenant.tenant_id)
    claims = jwt.decode(token, options={"verify_signature": False})
    return Forge(tenant, Ed25519PrivateKey.from_private_bytes(private), kid, claims, session, http)


@pytest.fixture(scope="module")
async def forge(running: RunningStack) -> AsyncIterator[Forge]:
    """Make a tenant, and take its key."""
    tenant = await new_tenant(running)
    headers = {"X-Tenant-ID": tenant.tenant_id}
    async with httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=30, trust_env=False) as http:
        yield await forge_of(running, tenant, http)


def by_hmac(claims: dict[str, Any], header: dict[str, Any], secret: bytes) -> str:
    """Sign by HS256 with any bytes, as no library lets one do with a public key."""

    def part(value: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=")

    signed = part(header | {"alg": "HS256"}) + b"." + part(claims)
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed, hashlib.sha256)).rstrip(b"=")
    return (signed + b"." + signature).decode()


async def test_a_right_one(forge: Forge) -> None:
    """A token signed as the tenant signs is taken: what is refused below is refused for what it differs in."""
    assert await forge.code(forge.sign()) == ""


async def test_wrong_claims(forge: Forge) -> None:
    """401 for a token of the real key with any claim missing or wrong."""
    now = int(utc_now().timestamp())
    wrong: list[dict[str, Any]] = [dict[str, Any]({name: None}) for name in forge.claims]
    wrong += [
        {"iss": "somebody"},
        {"aud": "t1"},
        {"tid": "t1"},
        {"role": "root"},
        {"exp": now - 60},
        {"nbf": now + 60},
        {"iat": now + 60},
        {"ver": "1"},
        {"sub": 7},
    ]
    for claims in wrong:
        assert await forge.code(forge.sign(**claims)) == "token-invalid", claims
    assert await forge.code(forge.sign(nbf=now + 15)) == "", "within the leeway"


async def test_wrong_type(forge: Forge) -> None:
    """401 for another kind of token of the same key, and for one without a kind."""
    for typ in ("JWT", "rt+jwt", "AT+JWT ", None):
        assert await forge.code(forge.sign(headers={"typ": typ})) == "token-invalid", typ


async def test_other_algorithms(forge: Forge) -> None:
    """401 for none in any spelling, and for HMAC over the public key in every form in which it is published."""
    header = {"kid": forge.kid, "typ": "at+jwt"}
    for name in ("none", "None", "NONE"):
        parts = (orjson.dumps(header | {"alg": name}), orjson.dumps(forge.claims))
        token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."
        assert await forge.code(token) == "token-invalid"
    jwk = (await forge.http.get("/.well-known/jwks.json")).json()["keys"][0]
    raw = base64.urlsafe_b64decode(jwk["x"] + "=")
    for secret in (raw, jwk["x"].encode(), orjson.dumps(jwk), b""):
        assert await forge.code(by_hmac(forge.claims, header, secret)) == "token-invalid"


async def test_keys_that_a_token_brings(forge: Forge) -> None:
    """401 for a token signed by a key of its own, wherever its header says that it is found."""
    own = Ed25519PrivateKey.generate()
    jwk = OKPAlgorithm.to_jwk(own.public_key(), as_dict=True)
    for brought in (
        {"jwk": jwk | {"kid": forge.kid}},
        {"jku": f"{forge.http.base_url}/jwks.json"},
        {"x5u": "https://evil.example/x.pem"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {},
    ):
        assert await forge.code(forge.sign(own, headers=brought)) == "token-invalid", brought


@pytest.mark.parametrize(
    "kid",
    ["../../../../dev/null", "/etc/passwd", "' OR 1=1 --", "x'; DROP TABLE signing_keys; --", "", "\0", "k" * 2_000],
)
async def test_kids_that_are_more_than_words(forge: Forge, kid: str) -> None:
    """401 for a kid that is a path or a statement: it is looked up, and is not there."""
    assert await forge.code(forge.sign(headers={"kid": kid})) == "token-invalid"


async def test_another_tenants_key(running: RunningStack, forge: Forge, tenant: ProvisionedTenant) -> None:
    """A tenant's key signs nothing for another one, whichever of them the token names."""
    other = await forge_of(running, tenant, forge.http)
    # Their key, our names; and their kid with our key.
    for token in (
        other.sign(**forge.claims),
        forge.sign(headers={"kid": other.kid}),
        other.sign(aud=forge.tenant.tenant_id),
        other.sign(tid=forge.tenant.tenant_id),
    ):
        assert await forge.code(token) == "token-invalid"
    assert await forge.code(other.sign()) == "tenant-mismatch"


async def test_too_long(forge: Forge) -> None:
    """401 for a token of more than 4,096 characters, though the signature is right."""
    assert await forge.code(forge.sign(padding="x" * 2_000)) == ""
    assert await forge.code(forge.sign(padding="x" * 4_000)) == "token-invalid"


async def test_expired_is_expired(forge: Forge) -> None:
    """A token is refused 30 seconds after its end, and not before."""
    now = utc_now()
    assert await forge.code(forge.sign(exp=now - timedelta(seconds=20))) == ""
    assert await forge.code(forge.sign(exp=now - timedelta(seconds=35))) == "token-invalid"


async def test_rotation(forge: Forge) -> None:
    """The next key is published before it signs, once; sessions and tokens go on."""
    authorization = {"Authorization": f"Bearer {forge.sign()}"}
    made = await forge.http.post("/api/v1/signing-keys/rotate", headers=authorization)
    assert (made.status_code, made.json()["state"]) == (202, "next")

    async def published() -> bool:
        return len((await forge.http.get("/.well-known/jwks.json")).json()["keys"]) == 2

    await eventually(published, seconds=1)
    keys = (await forge.http.get("/api/v1/signing-keys", headers=authorization)).json()["data"]
    assert [(key["kid"] == forge.kid, key["state"]) for key in keys] == [(True, "current"), (False, "next")]
    assert keys[0]["ends_at"] > keys[1]["signs_from"]
    assert keys[1] == made.json()
    again = await forge.http.post("/api/v1/signing-keys/rotate", headers=authorization)
    assert (again.status_code, again.json()["code"]) == (409, "rotation-under-way")
    login = {"email": forge.tenant.owner_email, "password": forge.tenant.owner_password}
    token = (await forge.http.post("/api/v1/auth", json=login)).json()["access_token"]
    assert jwt.get_unverified_header(token)["kid"] == forge.kid


@best_of_rounds
async def test_a_betrayed_key(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> None:
    """Replaced at once, a key opens nothing within a second, and sessions go on with tokens of another."""
    forge = await forge_of(running, tenant, http)
    async with running.stack.provisioner() as provisioner:
        await provisioner.rotate_keys(parse_tenant_id(tenant.tenant_id), at_once=True)

    async def refused() -> bool:
        return await forge.code(forge.sign(jti=secrets.token_hex())) == "token-invalid"

    await in_time(refused, seconds=1)
    renewed = await http.post("/api/v1/auth/refresh", json={"refresh_token": forge.session["refresh_token"]})
    assert await forge.code(renewed.json()["access_token"]) == ""
