"""The site in a real browser on the real stack, at the width of a desk and of a telephone."""

import os
import shlex
from pathlib import Path

import httpx
import pytest

from serve_apps.site_files import BUILT
from tenancy.provisioning import ProvisionedTenant
from tests.e2e.browser_runs import load_demo, run_playwright
from tests.e2e.learned_tenant import learn, observe
from tests.stack_fixtures import RunningStack, new_tenant

# It may have a browser to unpack.
pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
async def demo(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant with the demo's journeys in it."""
    assert (BUILT / "index.html").exists(), "The site is not built: run `make site`."
    tenant = await new_tenant(running)
    await learn(running, tenant)
    await load_demo(running, tenant, people=1_200, days=20)
    await observe(running, tenant)
    return tenant


async def test_site(running: RunningStack, demo: ProvisionedTenant, tmp_path: Path) -> None:
    """Every spec holds, in both widths; all in one run, so that while one waits for the platform another goes on.

    `SITE_SPECS` holds Playwright's arguments to run some alone: `learning.spec.ts -g registry`.
    """
    await run_playwright(running, demo, tmp_path / "output", *shlex.split(os.environ.get("SITE_SPECS", "")))


async def test_files(running: RunningStack) -> None:
    """Files with a hash in their names are kept for ever, the page is asked for again, and both come compressed."""
    async with httpx.AsyncClient(base_url=running.tenant_url, trust_env=False) as bare:
        page = await bare.get("/", headers={"Accept-Encoding": "gzip"})
        assert (page.status_code, page.headers["Content-Encoding"]) == (200, "gzip")
        assert page.headers["Cache-Control"] == "no-cache"
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        again = await bare.get("/", headers={"Accept-Encoding": "gzip", "If-None-Match": page.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        script = next(name.name for name in (BUILT / "assets").glob("index-*.js"))
        asset = await bare.get(f"/assets/{script}", headers={"Accept-Encoding": "identity"})
        assert "immutable" in asset.headers["Cache-Control"]
        assert asset.content == (BUILT / "assets" / script).read_bytes()
        for path in ("/assets/..%2findex.html", "/assets/nothing.js"):
            assert (await bare.get(path)).status_code == 404
