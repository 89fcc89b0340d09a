"""Every call of the tenant plane, made by everybody whom it is not for."""

import asyncio
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.stack_fixtures import RunningStack, new_tenant

pytestmark = pytest.mark.anyio

_AT_ONCE = 8
ROLES = ("analyst", "viewer")
SCOPES = ("ingest", "read", "write")


def refused(document: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Give (method, path, caller, problem) of each call and each caller whom it is not for."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if "x-roles" not in operation:
                continue
            filled = path
            for parameter in operation.get("parameters", ()):
                filled = filled.replace(f"{{{parameter['name']}}}", parameter["schema"].get("enum", ["1"])[0])
            yield method, filled, "nobody", "token-invalid"
            yield method, filled, "write key", "token-invalid"
            for role in ROLES:
                if role not in operation["x-roles"]:
                    yield method, filled, role, "role-insufficient"
            for scope in SCOPES:
                if scope != operation.get("x-scope"):
                    yield method, filled, scope, "scope-missing"


async def test_whom_a_call_is_not_for(running: RunningStack) -> None:
    """401 or 403 for each caller whom a call is not for, before anything else of the request is looked at."""
    tenant = await new_tenant(running)
    headers = {"X-Tenant-ID": tenant.tenant_id}
    async with httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=30, trust_env=False) as http:
        credentials = {"nobody": "", "write key": tenant.write_key}
        login = {"email": tenant.owner_email, "password": tenant.owner_password}
        owner = {"Authorization": f"Bearer {(await http.post('/api/v1/auth', json=login)).json()['access_token']}"}
        for role in ROLES:
            new = {"email": f"{role}@example.com", "role": role}
            link = (await http.post("/api/v1/users", json=new, headers=owner)).json()["invitation_url"]
            chosen = {"token": link.partition("token=")[2], "password": secrets.token_urlsafe()}
            credentials[role] = (await http.post("/api/v1/auth/accept", json=chosen)).json()["access_token"]
        for scope in SCOPES:
            new_key = {"name": scope, "kind": "secret", "scopes": [scope]}
            credentials[scope] = (await http.post("/api/v1/keys", json=new_key, headers=owner)).json()["key"]
        gate = asyncio.Semaphore(_AT_ONCE)

        async def answered(method: str, path: str, caller: str) -> str:
            async with gate:
                sent = {"Authorization": f"Bearer {credentials[caller]}"} if credentials[caller] else {}
                answer = await http.request(method, path, headers=sent)
            assert answer.status_code in {401, 403}, (method, path, caller, answer.status_code)
            code: str = answer.json()["code"]
            return code

        calls = list(refused((await http.get("/openapi.json")).json()))
        codes = await asyncio.gather(*(answered(*call[:3]) for call in calls))
        wrong = [(call, code) for call, code in zip(calls, codes, strict=True) if code != call[3]]
    assert wrong == []
    assert len(calls) > 250
    print(f"{len(calls)} calls were refused as they should be")
