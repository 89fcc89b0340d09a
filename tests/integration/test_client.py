"""The typed client on the real stack: the examples of its page, sessions, and calls that are made again."""

import ast
import asyncio
import inspect
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack
from unmogrow.client import Key, Login, ProblemError, TenantClient, UnauthorizedError, UnreachableError
from unmogrow.client.transport import Call, Transport

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).parents[2] / "docs" / "client.md"


async def test_the_examples_of_the_page_work(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Each block of docs/client.md runs after the one before it, on a new tenant."""
    names: dict[str, Any] = {
        "URL": running.tenant_url,
        "GLOBAL_URL": running.global_url,
        "TENANT": tenant.tenant_id,
        "EMAIL": tenant.owner_email,
        "PASSWORD": tenant.owner_password,
        "WRITE_KEY": tenant.write_key,
        "PLATFORM_KEY": running.platform_key,
    }
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 8
    for block in blocks:
        code = compile(block, str(PAGE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        running_block = eval(code, names)  # noqa: S307 - our own page
        if inspect.isawaitable(running_block):
            await running_block


async def test_a_session_is_renewed_once_for_all_calls(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Ten calls at once with an ended token exchange the refresh token once: the session goes on."""
    login = Login(tenant.owner_email, tenant.owner_password or "")
    async with TenantClient(running.tenant_url, tenant_id=tenant.tenant_id, auth=login) as client:
        await client.get_me()
        assert login._session is not None
        first = login._session.refresh_token
        login._session.access_token = "ended"
        assert {me.role for me in await asyncio.gather(*(client.get_me() for _ in range(10)))} == {"owner"}
        second = login._session.refresh_token
        assert second != first
        # Taken once, the first one would have ended the family.
        login._ends_at = 0.0
        await client.get_me()
        assert login._session.refresh_token not in {first, second}


async def test_an_ended_session_is_begun_again(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """After a log-out elsewhere the client logs in again by itself; with another password it says what is wrong."""
    login = Login(tenant.owner_email, tenant.owner_password or "")
    async with TenantClient(running.tenant_url, tenant_id=tenant.tenant_id, auth=login) as client:
        await client.get_me()
        assert login._session is not None
        async with httpx.AsyncClient(base_url=running.tenant_url, trust_env=False) as bare:
            ended = {"refresh_token": login._session.refresh_token}
            await bare.post("/api/v1/auth/logout", json=ended, headers={"X-Tenant-ID": tenant.tenant_id})
        login._session.access_token = "ended"
        assert (await client.get_me()).tenant_id == tenant.tenant_id
        renewed = login._session.refresh_token
        await client.log_out()
        await client.get_me()
        assert login._session.refresh_token != renewed
    wrong = Login(tenant.owner_email, "wrong")
    async with TenantClient(running.tenant_url, tenant_id=tenant.tenant_id, auth=wrong) as client:
        with pytest.raises(UnauthorizedError) as refused:
            await client.get_me()
    assert (refused.value.code, len(refused.value.request_id)) == ("credentials-wrong", 36)


async def test_a_key_is_not_asked_twice(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """A key that the call is not for is refused at once."""
    async with TenantClient(running.tenant_url, tenant_id=tenant.tenant_id, auth=Key("sk_unknown")) as client:
        with pytest.raises(ProblemError) as refused:
            await client.get_me()
    assert refused.value.status in {401, 403}


async def test_nobody_answers() -> None:
    """A port on which nobody listens is tried for as long as the patience lasts, and named."""
    transport = Transport("http://127.0.0.1:1", {}, patience_seconds=0.6)
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1"):
        await transport.send(Call("GET", "/livez"))
    await transport.close()


class Flaky:
    """A server that breaks off connections, asks for patience, and then answers."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Give the next answer, and hang up."""
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        writer.write(self._answers.pop(0))
        writer.close()


BUSY = b'HTTP/1.1 503 x\r\nRetry-After: 1\r\nContent-Length: 21\r\n\r\n{"code":"spool-full"}'
LOST = b'HTTP/1.1 503 x\r\nContent-Length: 22\r\n\r\n{"code":"unavailable"}'
DONE = b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    ("method", "answers", "requests", "status"),
    [("GET", [b"", LOST, DONE], 3, 200), ("POST", [BUSY, DONE], 2, 200), ("POST", [LOST, DONE], 1, 503)],
)
async def test_calls_are_made_again(method: str, answers: list[bytes], requests: int, status: int) -> None:
    """A broken connection and a lost answer for what may happen twice; for a POST only what was certainly not done."""
    flaky = Flaky(*answers)
    server = await asyncio.start_server(flaky.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    transport = Transport(f"http://{host}:{port}", {}, patience_seconds=10)
    try:
        found = (await transport.send(Call(method, "/x"))).status_code
    except ProblemError as problem:
        found = problem.status
    assert (flaky.requests, found) == (requests, status)
    await transport.close()
    server.close()
