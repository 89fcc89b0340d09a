"""Takes the pictures of the docs (`make pictures`); not one of the tests that run with the others."""

import os
import secrets
from pathlib import Path

import pytest

from tenancy.provisioning import TenantRequest
from tests.e2e.browser_runs import load_demo, run_playwright
from tests.stack_fixtures import RunningStack

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


pytestmark = [pytest.mark.anyio, pytest.mark.timeout(400)]


async def test_pictures(running: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures show a tenant with six weeks of data."""
    tenant_id = f"t{secrets.token_hex(4)}"
    async with running.stack.provisioner() as provisioner:
        request = TenantRequest(tenant_id, f"{tenant_id}.localhost", "Demo Games", "owner@demo.games")
        tenant = await provisioner.create_tenant(request)
    await load_demo(running, tenant, people=9_000, days=45)
    monkeypatch.setitem(os.environ, "SITE_PICTURES", str(PICTURES))
    await run_playwright(running, tenant, tmp_path / "output", "--project", "desktop")
