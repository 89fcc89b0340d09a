"""Users, sessions, keys and their limits on the real stack."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Any, Self

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.in_time import best_of_rounds, in_time
from tests.stack_fixtures import RunningStack, event, eventually, new_tenant

pytestmark = pytest.mark.anyio

PASSWORD = "a river under the old bridge"


@pytest.fixture(scope="module")
async def house(running: RunningStack) -> ProvisionedTenant:
    """Make the one tenant that these tests share."""
    return await new_tenant(running)


@pytest.fixture
async def site(running: RunningStack, house: ProvisionedTenant) -> AsyncIterator[httpx.AsyncClient]:
    """Call the tenant plane as a browser on the tenant's own host, with a jar of cookies."""
    host = f"{house.host}:{running.stack.settings.ports.tenant}"
    async with httpx.AsyncClient(
        base_url=running.tenant_url, headers={"Host": host}, timeout=30, trust_env=False
    ) as client:
        yield client


@pytest.fixture
async def owner(running: RunningStack, house: ProvisionedTenant) -> AsyncIterator[httpx.AsyncClient]:
    """Call the tenant plane as the tenant's owner, with a token."""
    async with signed_in(running, house, house.owner_email, house.owner_password or "") as client:
        yield client


def signed_in(running: RunningStack, tenant: ProvisionedTenant, email: str, password: str) -> "SignedIn":
    return SignedIn(running.tenant_url, tenant.tenant_id, email, password)


class SignedIn(httpx.AsyncClient):
    """A client that logs in when it is entered; `session` is what the login gave."""

    def __init__(self, url: str, tenant_id: str, email: str, password: str) -> None:
        super().__init__(base_url=url, headers={"X-Tenant-ID": tenant_id}, timeout=30, trust_env=False)
        self._credentials = {"email": email, "password": password}
        self.session: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        answer = await self.post("/api/v1/auth", json=self._credentials)
        assert answer.status_code == 200, answer.text
        self.session = answer.json()
        self.headers["Authorization"] = f"Bearer {self.session['access_token']}"
        return self


async def invited(owner: httpx.AsyncClient, role: str) -> tuple[str, str]:
    """Invite somebody as a role and accept; give email and user id. The password is PASSWORD."""
    email = f"{secrets.token_hex(6)}@example.com"
    made = (await owner.post("/api/v1/users", json={"email": email, "role": role})).json()
    assert (made["email"], made["role"], made["state"]) == (email, role, "invited")
    token = made["invitation_url"].partition("token=")[2]
    accepted = await owner.post("/api/v1/auth/accept", json={"token": token, "password": PASSWORD})
    assert accepted.status_code == 200, accepted.text
    return email, made["user_id"]


async def test_invitation_is_taken_once(
    running: RunningStack, house: ProvisionedTenant, owner: httpx.AsyncClient
) -> None:
    """An invitation lets its user in as the role named, once, and at the tenant's own host."""
    made = (await owner.post("/api/v1/users", json={"email": "Ann@Example.com", "role": "analyst"})).json()
    link = made["invitation_url"]
    assert link.startswith(f"http://{house.host}:{running.stack.settings.ports.tenant}/#/accept?token=")
    login = await owner.post("/api/v1/auth", json={"email": "ann@example.com", "password": PASSWORD})
    assert login.status_code == 401
    body = {"token": link.partition("token=")[2], "password": PASSWORD}
    assert (await owner.post("/api/v1/auth/accept", json=body | {"password": "password1"})).status_code == 422
    session = (await owner.post("/api/v1/auth/accept", json=body)).json()
    me = await owner.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {session['access_token']}"})
    assert me.json()["role"] == "analyst"
    again = await owner.post("/api/v1/auth/accept", json=body)
    assert (again.status_code, again.json()["code"]) == (400, "link-token-invalid")
    taken = await owner.post("/api/v1/users", json={"email": "ann@example.com", "role": "viewer"})
    assert (taken.status_code, taken.json()["code"]) == (409, "user-exists")


async def test_second_invitation_voids_the_first(owner: httpx.AsyncClient) -> None:
    """Inviting again gives another link with another role; the first opens nothing."""
    new = {"email": f"{secrets.token_hex(6)}@example.com", "role": "viewer"}
    first = (await owner.post("/api/v1/users", json=new)).json()
    second = (await owner.post("/api/v1/users", json=new | {"role": "owner"})).json()
    assert (first["user_id"], second["role"]) == (second["user_id"], "owner")
    for made, status in ((first, 400), (second, 200)):
        body = {"token": made["invitation_url"].partition("token=")[2], "password": PASSWORD}
        assert (await owner.post("/api/v1/auth/accept", json=body)).status_code == status


@best_of_rounds
async def test_role_change_ends_older_tokens(
    running: RunningStack, house: ProvisionedTenant, owner: httpx.AsyncClient
) -> None:
    """Within a second a demoted user's access token is refused; the refreshed one has the new role."""
    email, user_id = await invited(owner, "analyst")
    async with signed_in(running, house, email, PASSWORD) as user:
        assert (await user.get("/api/v1/links")).status_code == 200
        changed = await owner.patch(f"/api/v1/users/{user_id}", json={"role": "viewer"})
        assert changed.json()["role"] == "viewer"

        async def refused() -> bool:
            return (await user.get("/api/v1/links")).status_code == 401

        await in_time(refused, seconds=1)
        renewed = (
            await user.post("/api/v1/auth/refresh", json={"refresh_token": user.session["refresh_token"]})
        ).json()
        headers = {"Authorization": f"Bearer {renewed['access_token']}"}
        assert (await user.get("/api/v1/links", headers=headers)).status_code == 200
        link = {"media_source": "x", "web_url": "https://example.com"}
        assert (await user.post("/api/v1/links", json=link, headers=headers)).json()["code"] == "role-insufficient"


@best_of_rounds
async def test_removed_user_is_out(running: RunningStack, house: ProvisionedTenant, owner: httpx.AsyncClient) -> None:
    """A removed user's refresh token ends at once, the access token within a second."""
    email, user_id = await invited(owner, "owner")
    async with signed_in(running, house, email, PASSWORD) as user:
        assert (await owner.delete(f"/api/v1/users/{user_id}")).status_code == 204
        token = {"refresh_token": user.session["refresh_token"]}
        assert (await user.post("/api/v1/auth/refresh", json=token)).status_code == 401

        async def refused() -> bool:
            return (await user.get("/api/v1/links")).status_code == 401

        await in_time(refused, seconds=1)
    assert (await owner.delete(f"/api/v1/users/{user_id}")).json()["code"] == "user-unknown"


async def test_last_owner_stays(running: RunningStack) -> None:
    """The only owner can be neither removed nor demoted, also by two owners who demote each other at once."""
    tenant = await new_tenant(running)
    async with signed_in(running, tenant, tenant.owner_email, tenant.owner_password or "") as owner:
        mine = (await owner.get("/api/v1/auth/me")).json()["user_id"]
        # An owner who has not taken the invitation cannot act as one.
        await owner.post("/api/v1/users", json={"email": "late@example.com", "role": "owner"})
        for answer in (
            await owner.delete(f"/api/v1/users/{mine}"),
            await owner.patch(f"/api/v1/users/{mine}", json={"role": "viewer"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "last-owner")
        _, theirs = await invited(owner, "owner")
        both = await asyncio.gather(
            *(owner.patch(f"/api/v1/users/{each}", json={"role": "viewer"}) for each in (mine, theirs))
        )
        assert sorted(answer.status_code for answer in both) == [200, 409]


@best_of_rounds
async def test_reset_ends_every_session(
    running: RunningStack, house: ProvisionedTenant, owner: httpx.AsyncClient
) -> None:
    """After a reset the old password, the refresh tokens and within a second the access tokens are void."""
    email, user_id = await invited(owner, "viewer")
    async with signed_in(running, house, email, PASSWORD) as user:
        link = (await owner.post(f"/api/v1/users/{user_id}/reset")).json()["reset_url"]
        assert (await user.get("/api/v1/links")).status_code == 200
        body = {"token": link.partition("token=")[2], "password": PASSWORD + " again"}
        assert (await user.post("/api/v1/auth/accept", json=body)).status_code == 200
        old = await user.post("/api/v1/auth", json={"email": email, "password": PASSWORD})
        assert old.status_code == 401
        token = {"refresh_token": user.session["refresh_token"]}
        assert (await user.post("/api/v1/auth/refresh", json=token)).status_code == 401

        async def refused() -> bool:
            return (await user.get("/api/v1/links")).status_code == 401

        await in_time(refused, seconds=1)


async def test_own_password(running: RunningStack, house: ProvisionedTenant, owner: httpx.AsyncClient) -> None:
    """Whoever knows the old password can choose another, which must not be short, common or the email."""
    email, _ = await invited(owner, "viewer")
    async with signed_in(running, house, email, PASSWORD) as user:
        for bad in ("seven77", "x" * 257, "Password1", email):
            answer = await user.put("/api/v1/auth/password", json={"password": PASSWORD, "new_password": bad})
            assert (answer.status_code, answer.json()["code"]) == (422, "password-refused"), bad
        wrong = await user.put("/api/v1/auth/password", json={"password": "wrong", "new_password": PASSWORD + "!"})
        assert (wrong.status_code, wrong.json()["code"]) == (401, "credentials-wrong")
        right = await user.put("/api/v1/auth/password", json={"password": PASSWORD, "new_password": PASSWORD + "!"})
        headers = {"Authorization": f"Bearer {right.json()['access_token']}"}
        assert (await user.get("/api/v1/auth/me", headers=headers)).json()["email"] == email


@best_of_rounds
async def test_two_refreshes_at_once(running: RunningStack, house: ProvisionedTenant, owner: httpx.AsyncClient) -> None:
    """Of many refreshes of one token at once one succeeds at most, and what it gave is void: it may be a thief's."""
    email, _ = await invited(owner, "viewer")
    async with signed_in(running, house, email, PASSWORD) as user:
        token = {"refresh_token": user.session["refresh_token"]}
        answers = await asyncio.gather(*(user.post("/api/v1/auth/refresh", json=token) for _ in range(6)))
        given = [answer.json() for answer in answers if answer.status_code == 200]
        assert len(given) == 1
        next_token = {"refresh_token": given[0]["refresh_token"]}
        assert (await user.post("/api/v1/auth/refresh", json=next_token)).status_code == 401
        headers = {"Authorization": f"Bearer {given[0]['access_token']}"}

        async def refused() -> bool:
            return (await user.get("/api/v1/links", headers=headers)).status_code == 401

        await in_time(refused, seconds=1)


async def test_many_guesses_at_once(owner: httpx.AsyncClient) -> None:
    """Of 30 wrong passwords at once ten are looked at, and the others get 429, whether the account exists or not."""
    email, _ = await invited(owner, "viewer")
    for account in (email, f"{secrets.token_hex(6)}@example.com"):
        guess = {"email": account, "password": "wrong"}
        answers = await asyncio.gather(*(owner.post("/api/v1/auth", json=guess) for _ in range(30)))
        codes = [answer.status_code for answer in answers]
        assert (codes.count(401), codes.count(429)) == (10, 20)
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers if answer.status_code == 429)


async def log_in_by_cookie(site: httpx.AsyncClient, tenant: ProvisionedTenant) -> httpx.Response:
    body = {"email": tenant.owner_email, "password": tenant.owner_password}
    answer = await site.post("/api/v1/auth", json=body, headers={"X-Session": "cookie"})
    assert answer.status_code == 200, answer.text
    for cookie in answer.headers.get_list("set-cookie"):
        name, _, value = cookie.partition(";")[0].partition("=")
        site.cookies.set(name, value, domain="127.0.0.1")
    return answer


@best_of_rounds
async def test_cookie_session(site: httpx.AsyncClient, house: ProvisionedTenant) -> None:
    """Tokens come in cookies that scripts cannot read, open the API, renew without a body, and end with the logout."""
    answer = await log_in_by_cookie(site, house)
    assert answer.json() == {
        "expires_in": 900,
        "user": {"user_id": answer.json()["user"]["user_id"], "email": house.owner_email, "role": "owner"},
    }
    flags = {each.partition("=")[0]: each for each in answer.headers.get_list("set-cookie")}
    for name, path in (("unmogrow_access", "/"), ("unmogrow_refresh", "/api/v1/auth")):
        assert "HttpOnly" in flags[name]
        assert f"Path={path};" in flags[name]
        assert "SameSite=strict" in flags[name]
    assert "HttpOnly" not in flags["unmogrow_csrf"]
    me = (await site.get("/api/v1/auth/me")).json()
    assert (me["email"], me["tenant_id"], me["name"]) == (house.owner_email, house.tenant_id, house.name)
    csrf = {"X-CSRF-Token": site.cookies["unmogrow_csrf"]}
    renewed = await site.post("/api/v1/auth/refresh", headers=csrf)
    assert renewed.json()["user"]["role"] == "owner"
    for cookie in renewed.headers.get_list("set-cookie"):
        name, _, value = cookie.partition(";")[0].partition("=")
        site.cookies.set(name, value, domain="127.0.0.1")
    ended = await site.post("/api/v1/auth/logout", headers=csrf)
    assert ended.status_code == 204
    assert all("Max-Age=0" in each for each in ended.headers.get_list("set-cookie"))

    async def refused() -> bool:
        return (await site.get("/api/v1/auth/me")).status_code == 401

    await in_time(refused, seconds=1)


async def test_csrf(site: httpx.AsyncClient, house: ProvisionedTenant) -> None:
    """A change by cookie needs the session's own proof and the own origin; without them 403 and no change."""
    await log_in_by_cookie(site, house)
    others = site.cookies["unmogrow_csrf"]
    await log_in_by_cookie(site, house)
    own = site.cookies["unmogrow_csrf"]
    body = {"media_source": "csrf", "web_url": "https://example.com"}
    host = site.headers["Host"]
    forged = [
        {},
        {"X-CSRF-Token": others},
        {"X-CSRF-Token": own[:-1]},
        {"X-CSRF-Token": own, "Origin": "https://evil.example"},
        {"X-CSRF-Token": own, "Origin": "null"},
        {"X-CSRF-Token": own, "Origin": f"http://{host}.evil.example"},
    ]
    for headers in forged:
        for call in (
            site.post("/api/v1/links", json=body, headers=headers),
            site.post("/api/v1/auth/logout", headers=headers),
        ):
            answer = await call
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf-invalid"), headers
    # The cookie replaced together with the header: the proof is another session's.
    jar = {"Cookie": f"unmogrow_access={site.cookies['unmogrow_access']}; unmogrow_csrf={others}"}
    async with httpx.AsyncClient(base_url=site.base_url, headers={"Host": host} | jar, trust_env=False) as thief:
        answer = await thief.post("/api/v1/links", json=body, headers={"X-CSRF-Token": others})
        assert answer.json()["code"] == "csrf-invalid"
    right = {"X-CSRF-Token": own, "Origin": f"http://{host}"}
    assert (await site.post("/api/v1/links", json=body, headers=right)).status_code == 201
    sources = [link["media_source"] for link in (await site.get("/api/v1/links")).json()["data"]]
    assert sources.count("csrf") == 1


async def test_a_stream_ends_with_its_session(site: httpx.AsyncClient, house: ProvisionedTenant) -> None:
    """Server-sent events come by cookie, without any header, and end soon after the session does."""
    await log_in_by_cookie(site, house)
    async with site.stream("GET", "/api/v1/events/live") as stream:
        assert stream.status_code == 200
        proof = {"X-CSRF-Token": site.cookies["unmogrow_csrf"]}
        assert (await site.post("/api/v1/auth/logout", headers=proof)).status_code == 204
        async with asyncio.timeout(3):
            async for _ in stream.aiter_raw():
                pass


async def test_secret_key_does_what_its_scopes_say(owner: httpx.AsyncClient) -> None:
    """A read key reads, a write key changes, an ingest key ingests, and none of them does anything else."""
    link = {"media_source": "key", "web_url": "https://example.com"}
    expected = {"read": (200, 403, 403), "write": (403, 201, 403), "ingest": (403, 403, 202)}
    for scope, statuses in expected.items():
        made = (await owner.post("/api/v1/keys", json={"name": scope, "kind": "secret", "scopes": [scope]})).json()
        assert made["key"].startswith("sk_")
        headers = {"Authorization": f"Bearer {made['key']}"}
        answers = (
            await owner.get("/api/v1/links", headers=headers),
            await owner.post("/api/v1/links", json=link, headers=headers),
            await owner.post("/api/v1/events/ingest", json=event(), headers=headers),
        )
        assert tuple(answer.status_code for answer in answers) == statuses
        for admin in ("/api/v1/users", "/api/v1/keys", "/api/v1/audit", "/api/v1/signing-keys", "/api/v1/auth/me"):
            assert (await owner.get(admin, headers=headers)).json()["code"] == "scope-missing"
    listed = {key["name"]: key for key in (await owner.get("/api/v1/keys")).json()["data"]}
    assert "key" not in listed["read"]
    assert listed["read"]["key_prefix"].startswith("sk_")


async def test_key_of_another_tenant(owner: httpx.AsyncClient, tenant: ProvisionedTenant) -> None:
    """A secret key opens its own tenant alone."""
    made = (await owner.post("/api/v1/keys", json={"name": "mine", "kind": "secret", "scopes": ["read"]})).json()
    headers = {"Authorization": f"Bearer {made['key']}", "X-Tenant-ID": tenant.tenant_id}
    assert (await owner.get("/api/v1/links", headers=headers)).json()["code"] == "tenant-mismatch"


@best_of_rounds
async def test_revoked_key_is_refused_within_a_second(owner: httpx.AsyncClient) -> None:
    """A revoked key is refused by every replica within a second, for reading and for events."""
    made = (
        await owner.post("/api/v1/keys", json={"name": "gone", "kind": "secret", "scopes": ["read", "ingest"]})
    ).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert (await owner.get("/api/v1/links", headers=headers)).status_code == 200
    loop = asyncio.get_running_loop()
    assert (await owner.delete(f"/api/v1/keys/{made['key_id']}")).status_code == 204
    revoked_at = loop.time()

    async def refused() -> bool:
        answers = (
            await owner.get("/api/v1/links", headers=headers),
            await owner.post("/api/v1/events/ingest", json=event(), headers=headers),
        )
        return all(answer.status_code == 401 for answer in answers)

    await in_time(refused, seconds=1)
    print(f"refused {loop.time() - revoked_at:.3f} s after it was revoked")
    again = await owner.delete(f"/api/v1/keys/{made['key_id']}")
    assert (again.status_code, again.json()["code"]) == (404, "api-key-unknown")


async def test_key_with_impossible_scopes(owner: httpx.AsyncClient) -> None:
    """422 for a secret key without a scope, and for a write key that would read."""
    for body in ({"kind": "secret"}, {"kind": "write", "scopes": ["read"]}, {"kind": "secret", "scopes": ["all"]}):
        answer = await owner.post("/api/v1/keys", json={"name": "x", **body})
        assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")


async def test_last_used_day(owner: httpx.AsyncClient) -> None:
    """A key that was used has its day in the list."""
    made = (await owner.post("/api/v1/keys", json={"name": "used", "kind": "write"})).json()
    assert made["scopes"] == ["ingest"]
    await owner.post("/api/v1/events/ingest", json=event(), headers={"Authorization": f"Bearer {made['key']}"})

    async def used() -> bool:
        keys = (await owner.get("/api/v1/keys")).json()["data"]
        return next(key["last_used_on"] for key in keys if key["key_id"] == made["key_id"]) is not None

    await eventually(used, seconds=10)
