"""Runs Playwright's tests of the site in the browser that `tests/node` brings, as the owner of a tenant."""

import asyncio
import os
from pathlib import Path

from local.demo_journeys import make_demo
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.sdk_runs import browser_folder, install_node_packages
from tests.stack_fixtures import RunningStack, api_of, eventually

FOLDER = Path(__file__).parent
_ROWS_PER_REQUEST = 5_000


async def load_demo(running: RunningStack, tenant: ProvisionedTenant, *, people: int, days: int) -> None:
    """Give a tenant the demo's journeys, and wait until all of them are attributed and counted."""
    made = make_demo(seed=1, now=utc_now(), people=people, days=days)
    async with api_of(running, tenant) as api:
        for first in range(0, len(made.rows), _ROWS_PER_REQUEST):
            await api.send(b"".join(made.rows[first : first + _ROWS_PER_REQUEST]))

        async def is_counted() -> bool:
            totals = (await api.get("/api/v1/reports/overview", **{"from": made.truth["from"]}))["totals"]
            return bool(totals["installs"] == made.truth["installs"] and totals["clicks"] and totals["users"])

        await eventually(is_counted, seconds=120)


async def run_playwright(running: RunningStack, tenant: ProvisionedTenant, output: Path, *arguments: str) -> None:
    """Run Playwright's tests; what they said is the failure."""
    for folder in (FOLDER.parent / "node", FOLDER):
        await asyncio.to_thread(install_node_packages, folder)
    environment = {
        "SITE_URL": f"http://{tenant.host}:{running.stack.settings.ports.tenant}",
        "SITE_EMAIL": tenant.owner_email,
        "SITE_PASSWORD": tenant.owner_password or "",
        "SITE_WRITE_KEY": tenant.write_key,
        "SITE_PLATFORM_URL": running.global_url,
        "SITE_PLATFORM_KEY": running.platform_key,
        "SITE_BROWSER": await asyncio.to_thread(browser_folder),
        "SITE_OUTPUT": str(output),
    }
    process = await asyncio.create_subprocess_exec(
        *("node_modules/.bin/playwright", "test", *arguments),
        cwd=FOLDER,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode(errors="replace")
