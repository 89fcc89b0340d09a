"""What the planes publish in `/openapi.json` against what they do: requests made from it, valid ones and others."""

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack

pytestmark = pytest.mark.anyio

PROBLEM = {"$ref": "#/components/schemas/Problem"}
HEALTH = {"$ref": "#/components/schemas/Health"}
METHODS = {"get", "post", "put", "patch", "delete"}


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
    """Each operation has a name of its own, a sentence, described parameters and a shape for what it answers."""
    async with httpx.AsyncClient(base_url=getattr(running, plane), trust_env=False) as http:
        document = (await http.get("/openapi.json")).json()
    operations = {
        f"{method} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert {name.split()[0] for name in operations} <= METHODS
    assert "servers" not in document
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
