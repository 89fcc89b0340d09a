"""The site in a real browser on the real stack: each file of specs once, at the width of a desk and of a telephone."""

import asyncio
import os
from pathlib import Path

import httpx
import pytest

from cli.upload import Tally, upload
from local.demo_journeys import make_demo
from serve_apps.site_files import BUILT
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.sdk_runs import browser_folder, install_node_packages
from tests.stack_fixtures import RunningStack, api_of, eventually, new_tenant

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parent
SPECS = sorted(path.name for path in FOLDER.glob("*.spec.ts"))
PEOPLE = 1_200
DAYS = 20


@pytest.fixture(scope="module")
async def demo(running: RunningStack) -> ProvisionedTenant:
    """Make a tenant with the demo's journeys, attributed and counted."""
    assert (BUILT / "index.html").exists(), "The site is not built: run `make site`."
    tenant = await new_tenant(running)
    made = make_demo(seed=1, now=utc_now(), people=PEOPLE, days=DAYS)
    async with api_of(running, tenant) as api:
        await upload(api, made.rows, Tally(), lambda *_: None)

        async def is_counted() -> bool:
            totals = (await api.get("/api/v1/reports/overview"))["totals"]
            return bool(totals["installs"] == made.truth["installs"] and totals["clicks"] and totals["users"])

        await eventually(is_counted, seconds=60)
    return tenant


@pytest.mark.parametrize("spec", SPECS)
async def test_site(running: RunningStack, demo: ProvisionedTenant, tmp_path: Path, spec: str) -> None:
    """Every spec of the file holds, in both widths."""
    await asyncio.to_thread(install_node_packages)
    await asyncio.to_thread(install_node_packages, FOLDER)
    environment: dict[str, str] = {
        "SITE_URL": f"http://{demo.host}:{running.stack.settings.ports.tenant}",
        "SITE_EMAIL": demo.owner_email,
        "SITE_PASSWORD": demo.owner_password or "",
        "SITE_WRITE_KEY": demo.write_key,
        "SITE_BROWSER": await asyncio.to_thread(browser_folder),
        "SITE_OUTPUT": str(tmp_path / "output"),
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *("node_modules/.bin/playwright", "test", spec),
        cwd=FOLDER,
        env=os.environ | environment,
        stdout=pipe,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode(errors="replace")


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
