"""Logging in on the real stack."""

from typing import Any

import httpx
import jwt
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, new_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
def tenant(shared_tenant: ProvisionedTenant) -> ProvisionedTenant:
    """Ask as the tenant of all."""
    return shared_tenant


async def log_in(http: httpx.AsyncClient, tenant: ProvisionedTenant) -> dict[str, Any]:
    answer = await http.post("/api/v1/auth", json={"email": tenant.owner_email, "password": tenant.owner_password})
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json()
    return session


async def test_token_works(http: httpx.AsyncClient, tenant: ProvisionedTenant) -> None:
    """The login of a new tenant's owner gives a token that opens /me, and others can check by the JWKS."""
    session = await log_in(http, tenant)
    assert (session["token_type"], session["expires_in"]) == ("Bearer", 900)
    me = await http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {session['access_token']}"})
    assert me.json() | {"user_id": ""} == {
        "user_id": "",
        "email": tenant.owner_email,
        "role": "owner",
        "tenant_id": tenant.tenant_id,
        "name": tenant.name,
    }
    keys = jwt.PyJWKSet.from_dict((await http.get("/.well-known/jwks.json")).json())
    header = jwt.get_unverified_header(session["access_token"])
    claims = jwt.decode(session["access_token"], keys[header["kid"]], algorithms=["EdDSA"], audience=tenant.tenant_id)
    assert claims["tid"] == tenant.tenant_id


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"email": "nobody@example.com"}])
async def test_wrong_credentials(http: httpx.AsyncClient, tenant: ProvisionedTenant, change: dict[str, str]) -> None:
    """401, in the same words whether the password or the user is wrong."""
    right = {"email": tenant.owner_email, "password": tenant.owner_password}
    answer = await http.post("/api/v1/auth", json=right | change)
    assert (answer.status_code, answer.json()["code"]) == (401, "credentials-wrong")
    assert answer.json()["detail"] == "The email or the password is wrong."


async def test_malformed_login(http: httpx.AsyncClient) -> None:
    """422 with a pointer for a body that lacks a field."""
    answer = await http.post("/api/v1/auth", json={"email": "a"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/password")


async def test_too_many_failures(running: RunningStack, http: httpx.AsyncClient) -> None:
    """429 with Retry-After after ten failures of one account, also for the right password."""
    own = await new_tenant(running)
    http.headers["X-Tenant-ID"] = own.tenant_id
    for _ in range(10):
        await http.post("/api/v1/auth", json={"email": own.owner_email, "password": "wrong"})
    answer = await http.post("/api/v1/auth", json={"email": own.owner_email, "password": own.owner_password})
    assert (answer.status_code, answer.json()["code"]) == (429, "login-too-often")
    assert int(answer.headers["Retry-After"]) > 0


async def test_refresh_tokens_rotate(http: httpx.AsyncClient, tenant: ProvisionedTenant) -> None:
    """A refresh token works once; used twice, it ends the family, the newest token included."""
    first = (await log_in(http, tenant))["refresh_token"]
    second = (await http.post("/api/v1/auth/refresh", json={"refresh_token": first})).json()["refresh_token"]
    assert (await http.post("/api/v1/auth/refresh", json={"refresh_token": first})).status_code == 401
    assert (await http.post("/api/v1/auth/refresh", json={"refresh_token": second})).status_code == 401


async def test_log_out(http: httpx.AsyncClient, tenant: ProvisionedTenant) -> None:
    """After logging out the refresh token is void."""
    token = (await log_in(http, tenant))["refresh_token"]
    assert (await http.post("/api/v1/auth/logout", json={"refresh_token": token})).status_code == 204
    assert (await http.post("/api/v1/auth/refresh", json={"refresh_token": token})).status_code == 401


async def test_token_opens_its_own_tenant_alone(
    running: RunningStack, http: httpx.AsyncClient, tenant: ProvisionedTenant
) -> None:
    """403 for a tenant's valid token on another tenant's host or header."""
    other = await new_tenant(running)
    token = (await log_in(http, tenant))["access_token"]
    authorization = {"Authorization": f"Bearer {token}"}
    # A host that no replica has heard of yet names nobody.
    assert (await http.get("/health", headers={"X-Tenant-ID": "", "Host": other.host})).status_code == 200
    for named in ({"X-Tenant-ID": other.tenant_id}, {"X-Tenant-ID": "", "Host": other.host}):
        answer = await http.get("/api/v1/attributions", headers=authorization | named)
        assert (answer.status_code, answer.json()["code"]) == (403, "tenant-mismatch")


@pytest.mark.parametrize("token", ["x", "a.b.c", "x" * 5000])
async def test_nonsense_tokens(http: httpx.AsyncClient, token: str) -> None:
    """401 for whatever is no token."""
    answer = await http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "token-invalid")


async def test_forged_tokens(http: httpx.AsyncClient, tenant: ProvisionedTenant) -> None:
    """401 for alg none, for another algorithm over the public key, and for an unknown kid."""
    token = (await log_in(http, tenant))["access_token"]
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    public = (await http.get("/.well-known/jwks.json")).json()["keys"][0]["x"] * 2
    forged = [
        jwt.encode(claims, "", algorithm="none", headers=header | {"alg": "none"}),
        jwt.encode(claims, public, algorithm="HS256", headers={"kid": header["kid"], "typ": header["typ"]}),
        jwt.encode(claims, public, algorithm="HS256", headers={"kid": "other", "typ": header["typ"]}),
    ]
    for fake in forged:
        answer = await http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {fake}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "token-invalid")
