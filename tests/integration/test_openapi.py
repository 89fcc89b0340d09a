"""What the planes publish in `/openapi.json` against what they do: requests made from it, valid ones and others."""

import asyncio
import base64
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack
from tests.tenant_api import TenantApi

pytestmark = pytest.mark.anyio

OPENAPI = Path(__file__).parents[2] / "openapi"
PROBLEM = {"$ref": "#/components/schemas/Problem"}
HEALTH = {"$ref": "#/components/schemas/Health"}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.mark.timeout(300)
async def test_planes_do_as_they_say(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """No 5xx; every status, content type and body as documented; 405 and 401 where they are due."""
    login = {"email": tenant.owner_email, "password": tenant.owner_password}
    credentials = {
        "TEST_TENANT": tenant.tenant_id,
        "TEST_WRITE_KEY": tenant.write_key,
        "TEST_TOKEN": (await http.post("/api/v1/auth", json=login)).json()["access_token"],
        "TEST_PLATFORM_KEY": running.platform_key,
    }
    tenant_cases, global_cases = await asyncio.gather(
        cases_of(running.tenant_url, credentials, tmp_path), cases_of(running.global_url, credentials, tmp_path)
    )
    print(f"requests made from the tenant plane's document: {tenant_cases}, from the global plane's: {global_cases}")
    assert tenant_cases > 1_000
    assert global_cases > 50


async def cases_of(url: str, credentials: dict[str, str], folder: Path) -> int:
    """Run Schemathesis over a plane's document, in a folder where it may leave files; give the number of requests."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        *("--config-file", Path(__file__).with_name("schemathesis.toml")),
        *("run", f"{url}/openapi.json", "--phases", "coverage,fuzzing", "--warnings", "off"),
        env=os.environ | credentials,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    said = out.decode()
    assert process.returncode == 0, said
    found = re.search(r"(\d+) generated", said)
    assert found, said
    return int(found[1])


@pytest.mark.parametrize("plane", ["tenant_url", "global_url"])
async def test_documents_serve_a_generator(running: RunningStack, plane: str) -> None:
    """Each operation has a name of its own, a sentence, described parameters and answers; it is what is committed."""
    async with httpx.AsyncClient(base_url=getattr(running, plane), trust_env=False) as http:
        document = (await http.get("/openapi.json")).json()
    operations = {
        f"{method} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert {name.split()[0] for name in operations} <= METHODS
    assert "servers" not in document
    assert document == json.loads((OPENAPI / f"{plane.removesuffix('_url')}.json").read_bytes())
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)
    for name, operation in operations.items():
        assert operation["summary"], name
        assert all("description" in each for each in operation.get("parameters", ()) if each["in"] == "header"), name
        schemes = {scheme for each in operation.get("security", ()) for scheme in each}
        assert schemes <= document["components"]["securitySchemes"].keys(), name
        for status, answer in operation["responses"].items():
            assert_described(f"{name} {status}", int(status), answer)


def assert_described(name: str, status: int, answer: dict[str, Any]) -> None:
    content = answer.get("content", {})
    if status >= 400:
        assert content, name
        assert all(kind["schema"] in (PROBLEM, HEALTH) for kind in content.values()), name
        assert answer["description"], name
    elif status not in {204, 302}:
        assert all(kind["schema"] for kind in content.values()), name
    if status in {429, 503}:
        assert "Retry-After" in answer["headers"], name


def filled(path: str, operation: dict[str, Any]) -> str:
    """Put a value in the place of each parameter of a path: a word that it may be, or 1."""
    words = {each["name"]: each["schema"].get("enum", ["1"])[0] for each in operation.get("parameters", ())}
    return re.sub(r"{(\w+)}", lambda found: str(words[found[1]]), path)


def carried(scheme: dict[str, str], secret: str) -> dict[str, str]:
    """Write a secret where a security scheme has it."""
    if scheme["type"] == "apiKey":
        return {"Cookie": f"{scheme['name']}={secret}"} if scheme["in"] == "cookie" else {scheme["name"]: secret}
    if scheme["scheme"] == "basic":
        return {"Authorization": f"Basic {base64.b64encode(f'{secret}:'.encode()).decode()}"}
    return {"Authorization": f"Bearer {secret}"}


async def test_every_call_asks_who_calls(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """401 without credentials, with wrong ones and with those of the other plane; each right kind gets past that."""
    login = {"email": tenant.owner_email, "password": tenant.owner_password}
    cookies = (await http.post("/api/v1/auth", json=login, headers={"X-Session": "cookie"})).cookies
    key = {"name": "all", "kind": "secret", "scopes": ["read", "write"]}
    right = {
        **dict.fromkeys(("writeKey", "writeKeyBearer", "writeKeyBasic"), tenant.write_key),
        "accessToken": (await api.authorization())["Authorization"].removeprefix("Bearer "),
        "accessCookie": f"{cookies['unmogrow_access']}; unmogrow_csrf={cookies['unmogrow_csrf']}",
        "secretKey": (await api.post("/api/v1/keys", key))["key"],
        "platformKey": running.platform_key,
    }
    bearer = {"type": "http", "scheme": "bearer"}
    others = {
        running.tenant_url: [carried(bearer, running.platform_key)],
        running.global_url: [carried(bearer, right[name]) for name in ("writeKey", "accessToken", "secretKey")],
    }
    site = {"X-CSRF-Token": cookies["unmogrow_csrf"]}
    for url in (running.tenant_url, running.global_url):
        headers = {"X-Tenant-ID": tenant.tenant_id} | site
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as bare:
            document = (await bare.get("/openapi.json")).json()
            schemes = document["components"]["securitySchemes"]
            asked = [
                (method, filled(path, operation), [scheme for either in operation["security"] for scheme in either])
                for path, methods in document["paths"].items()
                for method, operation in methods.items()
                if operation["security"]
            ]
            assert {scheme for _, _, names in asked for scheme in names} == schemes.keys()
            wrong = {name: carried(scheme, "wrong") for name, scheme in schemes.items()}
            known = {name: carried(scheme, right[name]) for name, scheme in schemes.items()}
            for method, path, names in asked:
                strangers = [{}, *(wrong[name] for name in names), *others[url]]
                refused = await asyncio.gather(*(status(bare, method, path, each) for each in strangers))
                assert set(refused) == {401}, (method, path)
                taken = await asyncio.gather(*(status(bare, method, path, known[name]) for name in names))
                assert not {401, 403, 500} & set(taken), (method, path, taken)


async def status(client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]) -> int:
    """Make a call with an empty object as its body; its answer may have no end."""
    async with client.stream(
        method, path, headers=headers, json={} if method in {"post", "put", "patch"} else None
    ) as answer:
        return answer.status_code
