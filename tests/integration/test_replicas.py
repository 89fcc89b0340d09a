"""What ends at one replica of the tenant plane has ended at the other within a second."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.in_time import TooLateError, best_of_rounds
from tests.replica_process import replica
from tests.stack_fixtures import RunningStack, event, new_tenant

pytestmark = pytest.mark.anyio

INGEST = "/api/v1/events/ingest"
LINKS = "/api/v1/links"
ENDED_SECONDS = 1.0
LOOK_SECONDS = 0.02
PASSWORD = "a river under the old bridge"

Ask = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


@pytest.fixture(scope="module")
async def house(running: RunningStack) -> ProvisionedTenant:
    """Make the one tenant that these tests share."""
    return await new_tenant(running)


@pytest.fixture(scope="module")
async def replicas(running: RunningStack, house: ProvisionedTenant) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Call the stack's own replica by the edge, and another one, each as nobody yet."""
    headers = {"X-Tenant-ID": house.tenant_id}
    async with replica("tenant", running.stack, running.stack.settings) as url:
        clients = [
            httpx.AsyncClient(base_url=each, headers=headers, timeout=30, trust_env=False)
            for each in (running.tenant_url, url)
        ]
        yield clients
        for client in clients:
            await client.aclose()


@pytest.fixture
async def owner(replicas: list[httpx.AsyncClient], house: ProvisionedTenant) -> dict[str, str]:
    """Log in as the owner; give the headers."""
    login = {"email": house.owner_email, "password": house.owner_password}
    return bearer((await replicas[0].post("/api/v1/auth", json=login)).json()["access_token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def reading(headers: dict[str, str]) -> Ask:
    return lambda client: client.get(LINKS, headers=headers)


def sending(headers: dict[str, str]) -> Ask:
    return lambda client: client.post(INGEST, json=event(), headers=headers)


async def both_take(replicas: list[httpx.AsyncClient], *asks: Ask) -> None:
    """Ask each replica everything, until it is taken: a replica may learn of it later, too."""
    for client in replicas:
        for ask in asks:
            await until(client, ask, {200, 202}, seconds=5)


async def both_refuse(
    what: str, replicas: list[httpx.AsyncClient], end: Awaitable[httpx.Response], *asks: Ask, status: int = 401
) -> None:
    """End something at one replica; each must refuse everything within a second of the answer."""
    answer = await end
    assert answer.is_success, answer.text
    waits = [until(client, ask, {status}, seconds=ENDED_SECONDS) for client in replicas for ask in asks]
    print(f"{what}: refused after {', '.join(f'{each:.2f}' for each in await asyncio.gather(*waits))} s")


async def until(client: httpx.AsyncClient, ask: Ask, statuses: set[int], *, seconds: float) -> float:
    """Ask until the answer is such; give how many seconds that took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while (answer := await ask(client)).status_code not in statuses:
        if loop.time() - began >= seconds:
            raise TooLateError(f"{client.base_url} after {seconds} s: {answer.status_code} {answer.text}")
        await asyncio.sleep(LOOK_SECONDS)
    return loop.time() - began


async def invited(client: httpx.AsyncClient, owner: dict[str, str], email: str) -> tuple[str, dict[str, Any]]:
    """Invite an analyst, who accepts; give the user's id and session."""
    body = {"email": email, "role": "analyst"}
    made = (await client.post("/api/v1/users", json=body, headers=owner)).json()
    taken = {"token": made["invitation_url"].partition("token=")[2], "password": PASSWORD}
    return made["user_id"], (await client.post("/api/v1/auth/accept", json=taken)).json()


@best_of_rounds
async def test_keys_end_everywhere(replicas: list[httpx.AsyncClient], owner: dict[str, str]) -> None:
    """A revoked secret key and a revoked write key, for reading and for events."""
    here = replicas[0]
    for new, asks in (
        ({"name": "s", "kind": "secret", "scopes": ["read", "ingest"]}, (reading, sending)),
        ({"name": "w", "kind": "write"}, (sending,)),
    ):
        made = (await here.post("/api/v1/keys", json=new, headers=owner)).json()
        asked = [ask(bearer(made["key"])) for ask in asks]
        await both_take(replicas, *asked)
        revoke = here.delete(f"/api/v1/keys/{made['key_id']}", headers=owner)
        await both_refuse(f"{new['kind']} key", replicas, revoke, *asked)


@best_of_rounds
async def test_sessions_end_everywhere(replicas: list[httpx.AsyncClient], owner: dict[str, str]) -> None:
    """After a logout, another role, and the removal of a user, the access tokens of before."""
    here, there = replicas
    email = f"{secrets.token_hex(4)}@example.com"
    user_id, session = await invited(here, owner, email)
    ask = reading(bearer(session["access_token"]))
    await both_take(replicas, ask)
    logout = there.post("/api/v1/auth/logout", json={"refresh_token": session["refresh_token"]})
    await both_refuse("logout", replicas, logout, ask)

    login = {"email": email, "password": PASSWORD}
    ask = reading(bearer((await there.post("/api/v1/auth", json=login)).json()["access_token"]))
    await both_take(replicas, ask)
    demote = there.patch(f"/api/v1/users/{user_id}", json={"role": "viewer"}, headers=owner)
    await both_refuse("role", replicas, demote, ask)

    ask = reading(bearer((await here.post("/api/v1/auth", json=login)).json()["access_token"]))
    await both_take(replicas, ask)
    await both_refuse("removal", replicas, here.delete(f"/api/v1/users/{user_id}", headers=owner), ask)


async def test_guesses_count_everywhere(replicas: list[httpx.AsyncClient], owner: dict[str, str]) -> None:
    """Passwords that were guessed at one replica are none the fewer at another, whose process came later."""
    here, there = replicas
    _, session = await invited(here, owner, "bob@example.com")
    guess = {"email": "bob@example.com", "password": "wrong"}
    assert [(await here.post("/api/v1/auth", json=guess)).status_code for _ in range(6)] == [401] * 6
    codes = [(await there.post("/api/v1/auth", json=guess)).status_code for _ in range(5)]
    assert codes == [401] * 4 + [429]
    right = await there.post("/api/v1/auth", json=guess | {"password": PASSWORD})
    assert (right.status_code, int(right.headers["Retry-After"]) > 0) == (429, True)
    assert (await there.get(LINKS, headers=bearer(session["access_token"]))).status_code == 200


@best_of_rounds
async def test_a_tenant_ends_everywhere(running: RunningStack, replicas: list[httpx.AsyncClient]) -> None:
    """A betrayed signing key, then a suspension; what the owner had worked at both before."""
    house = await new_tenant(running)
    own = {"X-Tenant-ID": house.tenant_id}
    login = {"email": house.owner_email, "password": house.owner_password}
    session = (await replicas[0].post("/api/v1/auth", json=login, headers=own)).json()
    asks = (reading(own | bearer(session["access_token"])), sending(own | {"X-Write-Key": house.write_key}))
    await both_take(replicas, *asks)
    async with running.stack.provisioner() as provisioner:
        await provisioner.rotate_keys(house.tenant_id, at_once=True)
    waits = [until(client, asks[0], {401}, seconds=ENDED_SECONDS) for client in replicas]
    print(f"signing key: refused after {', '.join(f'{each:.2f}' for each in await asyncio.gather(*waits))} s")
    operator = httpx.AsyncClient(base_url=running.global_url, headers=bearer(running.platform_key), trust_env=False)
    async with operator as platform:
        suspend = platform.post(f"/api/v1/tenants/{house.tenant_id}/suspend")
        await both_refuse("suspension", replicas, suspend, asks[1], status=403)
