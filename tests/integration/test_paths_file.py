"""Real conversion paths, in through the public API and out again as last-touch totals."""

import os
import time
from pathlib import Path

import pytest

from cli.context import client_of
from cli.credentials import Credentials
from cli.demo_commands import load_paths
from local.demo_paths import read_paths
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

FILE = Path(os.environ.get("UNMOGROW_PATHS_FILE", Path(__file__).parents[3] / "shared" / "data" / "paths.csv"))


@pytest.mark.skipif(not FILE.exists(), reason=f"there is no {FILE.name}; set UNMOGROW_PATHS_FILE to it")
async def test_totals_come_back(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """88,387 journeys of 10,000 paths: installs and value by last touch equal those counted from the file."""
    file = read_paths(FILE)
    assert (file.journeys_total, file.events_total, file.conversions_total) == (88_387, 397_994, 19_785)
    credentials = Credentials(
        tenant.tenant_id, tenant.host, tenant.write_key, tenant.owner_email, tenant.owner_password
    )
    started = time.monotonic()
    async with client_of(running.tenant_url, credentials) as client:
        outcome = await load_paths(client, file, app_id="paths", now=utc_now())
    seconds = time.monotonic() - started
    print(f"{file.events_total:,} events sent, stored and attributed in {seconds:.0f} s")
    assert (outcome.done.accepted, outcome.done.duplicates, outcome.done.rejected_count) == (397_994, 0, 0)
    assert outcome.found == outcome.expected
    assert outcome.found["alpha"].installs == 8_447
