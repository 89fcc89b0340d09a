"""The root secret is rotated on the running stack, killed twice and finished: nobody notices, nothing is left."""

import asyncio
import os
import secrets
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from schemas.backends import Backends
from schemas.ids import TenantId
from storage.names import CONTROL_DATABASE, tenant_database
from storage.postgres.connect import Databases
from storage.postgres.provisioner_role import TenantDatabases
from storage.postgres.sealed import SealedSecrets
from tenancy.provisioning import ProvisionedTenant
from tenancy.registration import secrets_owner
from tenancy.sealing import Sealer
from tests.stack_fixtures import RunningStack, environment_of, event, new_tenant

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

INGEST = "/api/v1/events/ingest"


async def rotate_killed_at(running: RunningStack, point: str) -> None:
    """Have `unmogrow secrets rotate` killed at a point."""
    (running.failpoints / point).touch()
    command = Path(sys.executable).with_name("unmogrow")
    environment = os.environ | environment_of(running.stack.settings)
    process = await asyncio.create_subprocess_exec(command, "secrets", "rotate", env=environment)
    assert await process.wait() == -signal.SIGKILL


class Before:
    """What people and machines hold of a tenant before the rotation, and what it is good for afterwards."""

    def __init__(self, running: RunningStack, tenant: ProvisionedTenant) -> None:
        self._tenant = tenant
        self._login = {"email": tenant.owner_email, "password": tenant.owner_password}
        self._http = httpx.AsyncClient(
            base_url=running.tenant_url,
            headers={"X-Tenant-ID": tenant.tenant_id, "X-Write-Key": tenant.write_key},
            timeout=30,
            trust_env=False,
        )
        self._session: dict[str, Any] = {}
        self._cookies: dict[str, str] = {}

    async def log_in(self) -> None:
        """Log in twice: with tokens, and as a browser."""
        self._session = (await self._http.post("/api/v1/auth", json=self._login)).json()
        answer = await self._http.post("/api/v1/auth", json=self._login, headers={"X-Session": "cookie"})
        pairs = (each.partition(";")[0].partition("=") for each in answer.headers.get_list("set-cookie"))
        self._cookies = {name: value for name, _, value in pairs}

    async def ingest(self, **query: str) -> httpx.Response:
        """Send an event with the write key."""
        return await self._http.post(INGEST, json=event(), params=query)

    async def statuses(self) -> list[int]:
        """Use it all."""
        bearer = {"Authorization": f"Bearer {self._session['access_token']}"}
        refresh = {"refresh_token": self._session["refresh_token"]}
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        browser = {"Cookie": cookies, "X-CSRF-Token": self._cookies["unmogrow_csrf"]}
        link = {"media_source": "x", "web_url": "https://example.com"}
        answers = [
            await self._http.get("/api/v1/links", headers=bearer),
            await self._http.post("/api/v1/auth/refresh", json=refresh),
            await self._http.post("/api/v1/links", json=link, headers=browser),
            await self._http.post("/api/v1/auth/refresh", headers=browser),
            await self._http.post("/api/v1/auth", json=self._login),
            await self.ingest(wait="stored"),
        ]
        await self._http.aclose()
        return [answer.status_code for answer in answers]


async def role_opens(backends: Backends, role: str) -> bool:
    """Say whether a role's password under a root secret is the one that it has."""
    with suppress(asyncpg.InvalidPasswordError):
        connection = await asyncpg.connect(
            host=backends.postgres_host,
            port=backends.postgres_port,
            ssl="disable",
            user=role,
            password=backends.role_password(role),
            database=role,
        )
        await connection.close()
        return True
    return False


async def sealed_under(backends: Backends, databases: Databases) -> list[bool]:
    """Open all that is sealed; say of each whether it is sealed under the root secret of now."""
    sealer, sealed = Sealer(backends), SealedSecrets(databases.control())
    found = [(each, tenant_id) for _, tenant_id, each in await sealed.signing_keys()]
    found += [(each, secrets_owner(job_id)) for job_id, each in await sealed.job_secrets()]
    assert all(sealer.open(each, owner) for each, owner in found)
    return [sealer.is_current(each) for each, _ in found]


async def test_rotation_survives_kills(running: RunningStack) -> None:
    """Killed after a password and after a key, finished as `make up` does: tokens, sessions, keys, answers live on."""
    stack, before = running.stack, running.stack.backends
    tenants = [await new_tenant(running) for _ in range(2)]
    held = [Before(running, tenant) for tenant in tenants]
    for each in held:
        await each.log_in()
    headers = {"Authorization": f"Bearer {running.platform_key}", "Idempotency-Key": secrets.token_hex(8)}
    async with httpx.AsyncClient(base_url=running.global_url, headers=headers, timeout=40, trust_env=False) as platform:
        name = f"t{secrets.token_hex(4)}"
        asked = {"tenant_id": name, "host": f"{name}.localhost", "name": "n", "owner_email": "o@example.com"}
        made = (await platform.post("/api/v1/tenants", json=asked)).json()
        life = f"/api/v1/tenants/{tenants[1].tenant_id}"
        assert (await platform.post(f"{life}/suspend")).status_code == 200

        await rotate_killed_at(running, "rotation_password_renewed")
        assert stack.backends.secret_key_previous == before.secret_key != stack.backends.secret_key
        assert (await held[0].ingest()).status_code in {202, 503}
        await rotate_killed_at(running, "rotation_key_sealed")
        databases = Databases(stack.backends, stack.settings.postgres)
        assert set(await sealed_under(stack.backends, databases)) == {True, False}
        await stack.prepare(lambda _: None)

        assert (await platform.post(f"{life}/resume")).status_code == 200
        assert (await platform.post("/api/v1/tenants", json=asked)).json() == made
    after = replace(stack.backends, secret_key_previous=None)
    assert set(await sealed_under(after, databases)) == {True}
    roles = [CONTROL_DATABASE, *(tenant_database(each.tenant_id) for each in tenants)]
    assert [await role_opens(after, role) for role in roles] == [True] * 3
    assert [await role_opens(before, role) for role in roles] == [False] * 3
    assert [await each.statuses() for each in held] == [[200, 200, 201, 200, 200, 202]] * 2
    # One that is being made may have no role yet.
    await TenantDatabases(after, stack.provisioner_password).renew_password(TenantId("tnotyet"))
    assert not (stack.places.data / "secret.key.next").exists()
    await databases.close()
