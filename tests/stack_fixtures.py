"""The real stack, started once for a test run by the code that `make up` uses, on ports and folders of its own."""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from cli.credentials import Credentials
from local import postgres
from local.free_ports import free_block
from local.places import make_private
from local.stack import Stack
from schemas.access_settings import AuthSettings, MailSettings
from schemas.learning_settings import LearningSettings
from schemas.settings import ActorSettings, PoolSettings, Settings
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant, TenantRequest
from tests.tenant_api import TenantApi

IDLE_SECONDS = 8.0
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""What every answer tells browsers, unless the app says otherwise."""
_MAIL_OFFSET = 15
"""A port of the stack's block that the stack itself leaves alone."""


@dataclass(frozen=True)
class RunningStack:
    """A stack that is up, and the folder in which a file of a failpoint's name arms it."""

    stack: Stack
    failpoints: Path
    platform_key: str

    @property
    def tenant_url(self) -> str:
        """Where the tenant plane is."""
        return f"http://127.0.0.1:{self.stack.settings.ports.tenant}"

    @property
    def global_url(self) -> str:
        """Where the global plane is."""
        return f"http://127.0.0.1:{self.stack.settings.ports.global_}"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Everything here runs on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Start a whole stack, and end it after the last test."""
    folder = tmp_path_factory.mktemp("stack")
    failpoints = folder / "failpoints"
    failpoints.mkdir()
    os.environ["UNMOGROW_FAILPOINTS"] = str(failpoints)
    # Cheap hashes: what is tested is the login, not the strength of its parameters.
    auth = AuthSettings(argon2_memory_kib=64, argon2_passes=1)
    # Hundreds of tenants are used for a moment each: their actors leave soon.
    actor = ActorSettings(idle_seconds=IDLE_SECONDS)
    # A test has a case hang.
    pool = PoolSettings(case_seconds=1.0)
    # Nothing listens there but in the tests of mails: for all others the mail server is away, and links are answered.
    ports = free_block()
    mail = MailSettings(host="127.0.0.1", port=ports.tenant + _MAIL_OFFSET, security="none")
    # What was trained by hand is looked for soon; the site's tenant has few journeys.
    learning = LearningSettings(tick_seconds=2.0, rows_min=300)
    settings = Settings(
        data_dir=folder / "data",
        ports=ports,
        auth=auth,
        actor=actor,
        pool=pool,
        mail=mail,
        learning=learning,
    )
    stack = Stack(settings)
    keep_no_sync(stack)
    try:
        platform_key = asyncio.run(_up(stack))
        yield RunningStack(stack, failpoints, platform_key)
    finally:
        stack.destroy()
        del os.environ["UNMOGROW_FAILPOINTS"]


def keep_no_sync(stack: Stack) -> None:
    """Have Postgres leave its files to the page cache, which outlives every process that a test kills.

    On a slow disk it would take minutes to sync the databases of hundreds of tenants after a kill.
    """
    make_private(stack.places.data)
    postgres.prepare(stack.places)
    with (stack.places.postgres / "postgresql.auto.conf").open("a", encoding="utf-8") as configuration:
        configuration.write("fsync = off\n")


async def _up(stack: Stack) -> str:
    await stack.up(lambda _: None)
    await stack.prepare(lambda _: None)
    return stack.operator_key


def environment_of(settings: Settings) -> dict[str, str]:
    """Write settings as the environment of a process that is to have the same."""
    groups = settings.model_dump(mode="json", exclude_defaults=True)
    return {"UNMOGROW_DATA_DIR": str(settings.data_dir)} | {
        f"UNMOGROW_{group}__{name}".upper(): json.dumps(value) if isinstance(value, dict) else str(value)
        for group, fields in groups.items()
        if isinstance(fields, dict)
        for name, value in fields.items()
    }


@pytest.fixture
async def tenant(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant that no other test knows."""
    return await new_tenant(running)


@pytest.fixture(scope="session")
def shared_tenant(running: RunningStack) -> ProvisionedTenant:
    """Make the tenant of all tests that leave nothing there: each tenant is a database and a dozen tables."""
    return asyncio.run(new_tenant(running))


async def new_tenant(running: RunningStack) -> ProvisionedTenant:
    """Make one more tenant."""
    tenant_id = f"t{secrets.token_hex(4)}"
    host = f"{tenant_id}.localhost"
    async with running.stack.provisioner() as provisioner:
        return await provisioner.create_tenant(TenantRequest(tenant_id, host, tenant_id, f"owner@{host}"))


async def set_limits(running: RunningStack, tenant_id: str, **limits: float | None) -> None:
    """Change what a tenant may send, or its shards, as an operator does; what is not named stays."""
    headers = {"Authorization": f"Bearer {running.platform_key}"}
    async with httpx.AsyncClient(base_url=running.global_url, headers=headers, timeout=30, trust_env=False) as client:
        (await client.patch(f"/api/v1/tenants/{tenant_id}", json=limits)).raise_for_status()


@pytest.fixture
async def api(running: RunningStack, tenant: ProvisionedTenant) -> AsyncIterator[TenantApi]:
    """Call the tenant's API as its owner."""
    async with api_of(running, tenant) as client:
        yield client


def api_of(running: RunningStack, tenant: ProvisionedTenant) -> TenantApi:
    """Make a client of a tenant's API."""
    credentials = Credentials(
        tenant.tenant_id, tenant.host, tenant.write_key, tenant.owner_email, tenant.owner_password
    )
    return TenantApi(running.tenant_url, credentials)


@pytest.fixture
async def http(running: RunningStack, tenant: ProvisionedTenant) -> AsyncIterator[httpx.AsyncClient]:
    """Call the tenant plane bare, with the tenant's id and write key."""
    headers = {"X-Tenant-ID": tenant.tenant_id, "X-Write-Key": tenant.write_key}
    async with httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=30, trust_env=False) as client:
        yield client


def event(event_type: str = "click", **fields: Any) -> dict[str, Any]:
    """Make a valid event of a type."""
    required: dict[str, dict[str, Any]] = {
        "install": {"platform": "android", "device_id": secrets.token_hex(8)},
        "reinstall": {"platform": "android", "device_id": secrets.token_hex(8)},
        "in_app": {"event_name": "level_up"},
        "purchase": {"revenue": "4.99", "currency": "EUR"},
        "ad_revenue": {"revenue": 0.0123, "currency": "USD"},
        "identify": {"user_id": "u1", "device_id": "d1"},
        "consent": {"consent": {"ads": True}},
    }
    return {
        "event_id": secrets.token_hex(12),
        "event_type": event_type,
        "event_time": utc_now().isoformat(),
        **required.get(event_type, {}),
        **fields,
    }


def ago(**span: float) -> str:
    """Say when it was so long ago, as events do."""
    return (utc_now() - timedelta(**span)).isoformat()


def ndjson(events: list[dict[str, Any]]) -> bytes:
    """Write events one a line."""
    return b"".join(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE) for each in events)


async def result_of(api: TenantApi, conversion_id: str, *, revision: int = 1) -> dict[str, Any]:
    """Wait for a conversion's result, in a revision or a later one."""

    async def revised() -> dict[str, Any] | None:
        found = await api.get(f"/api/v1/attributions/{conversion_id}")
        return found if found["revision"] >= revision else None

    result: dict[str, Any] = await eventually(revised)
    return result


async def stored_ids(running: RunningStack, tenant: ProvisionedTenant) -> list[str]:
    """Read the id of every row of the tenant's events, doubled rows twice, straight from ClickHouse.

    A server that is just being started again is waited for.
    """
    transport = httpx.AsyncHTTPTransport(retries=5)
    async with httpx.AsyncClient(transport=transport, timeout=30) as client:
        query = f"SELECT event_id FROM unmogrow.events_{tenant.tenant_id} FORMAT TabSeparated"  # noqa: S608 - our own id
        answer = await client.post(running.stack.clickhouse_url, content=query)
        answer.raise_for_status()
        return answer.text.split()


async def eventually(check: Callable[[], Any], *, seconds: float = 20.0) -> Any:
    """Repeat a check until it gives something true, and return that.

    Raises:
        TimeoutError: it never did.
    """
    async with asyncio.timeout(seconds):
        while True:
            found = await check()
            if found:
                return found
            await asyncio.sleep(0.05)
