"""The SDKs of Segment and RudderStack, as their registries ship them, against the product: only the host is ours."""

import asyncio
import json
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.tenant_api import TenantApi
from schemas.ids import TenantId
from tenancy.provisioning import ProvisionedTenant
from tests.crash.relay import relay_to
from tests.stack_fixtures import RunningStack, event, eventually, stored_ids

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

TESTS = Path(__file__).parents[1]
COMMANDS = {
    "segment-python": (sys.executable, str(TESTS / "sdks" / "python_sdk.py"), "segment"),
    "rudder-python": (sys.executable, str(TESTS / "sdks" / "python_sdk.py"), "rudder"),
    "segment-node": ("node", str(TESTS / "node" / "sdk.mjs"), "segment"),
    "rudder-node": ("node", str(TESTS / "node" / "sdk.mjs"), "rudder"),
}
SDKS = tuple(COMMANDS)
EVENTS_PER_RUN = 3
AWAY_SECONDS = 4.0


@pytest.fixture(scope="module", autouse=True)
def _node_packages() -> None:
    """Install the Node SDKs, as locked."""
    folder = TESTS / "node"
    subprocess.run(
        ["npm", "install", "--no-save", "--no-audit", "--no-fund"], cwd=folder, check=True, capture_output=True
    )


async def use(sdk: str, url: str, key: str) -> tuple[int, Any, str]:
    """Run an SDK's three calls to the end: exit code, reported errors, and all it printed on standard error."""
    process = await asyncio.create_subprocess_exec(
        *COMMANDS[sdk], url, key, sdk, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(90):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = out.decode().splitlines()
    return process.returncode or 0, json.loads(lines[-1]) if lines else None, err.decode()


async def all_stored(running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, count: int) -> None:
    """Wait for the events of every SDK, and check that none is there twice."""

    async def is_there() -> bool:
        return len(await stored_ids(running, tenant)) >= count

    await eventually(is_there, seconds=60)
    stored = await stored_ids(running, tenant)
    totals = (await api.get("/api/v1/reports/quality"))["totals"]
    print(f"stored {len(stored)}, doubled {len(stored) - len(set(stored))}, duplicates {totals['duplicates']}")
    assert len(stored) == len(set(stored)) == count


@pytest.mark.parametrize("sdk", SDKS)
async def test_delivers(running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, sdk: str) -> None:
    """All three calls are stored as what they are, and the SDK reports no error."""
    code, errors, said = await use(sdk, running.tenant_url, tenant.write_key)
    assert (code, errors) == (0, []), said
    await all_stored(running, tenant, api, EVENTS_PER_RUN)
    rows = {each["event_name"]: each for each in (await api.get("/api/v1/events"))["data"]}
    assert rows.keys() == {"identify", "Order Completed", "Level Up"}
    assert {each["user_id"] for each in rows.values()} == {f"user-{sdk}"}
    order, level_up = rows["Order Completed"], rows["Level Up"]
    assert (order["event_type"], order["revenue"], order["currency"]) == ("purchase", "9.99", "EUR")
    assert order["order_id"] == f"order-{sdk}"
    assert (level_up["media_source"], level_up["campaign"]) == ("newsletter", "spring")


async def test_a_wrong_key_is_final(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Each SDK gives up at once and says so; nothing is stored."""
    results = await asyncio.gather(*(use(sdk, running.tenant_url, "wk_wrong") for sdk in SDKS))
    for sdk, (code, errors, said) in zip(SDKS, results, strict=True):
        assert code or errors or "401" in said, (sdk, said)
    assert await stored_ids(running, tenant) == []


async def test_slowed_down(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, http: httpx.AsyncClient
) -> None:
    """429 makes each SDK wait and send again: everything is stored once."""
    async with running.stack.provisioner() as provisioner:
        await provisioner.set_limits(TenantId(tenant.tenant_id), events_per_second=5, events_per_day=None)

    async def is_refused() -> bool:
        return (await http.post("/api/v1/events/ingest", json=[event("clack")] * 20)).status_code == 429

    await eventually(is_refused)
    await asyncio.gather(*(use(sdk, running.tenant_url, tenant.write_key) for sdk in SDKS))
    await all_stored(running, tenant, api, EVENTS_PER_RUN * len(SDKS))


async def test_server_away(running: RunningStack, tenant: ProvisionedTenant, api: TenantApi) -> None:
    """503 while Postgres is stopped makes each SDK try again: everything is stored once."""
    await asyncio.to_thread(running.stack.supervisor.stop_program, "postgres")
    try:
        runs = [asyncio.create_task(use(sdk, running.tenant_url, tenant.write_key)) for sdk in SDKS]
        await asyncio.sleep(AWAY_SECONDS)
    finally:
        await asyncio.to_thread(running.stack.supervisor.start_program, "postgres")
    await asyncio.gather(*runs)
    await all_stored(running, tenant, api, EVENTS_PER_RUN * len(SDKS))


async def test_connection_dropped_after_the_commit(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi
) -> None:
    """The answer is lost after the events were committed; each SDK sends them again, and they are stored once."""
    async with AsyncExitStack() as stack:
        port = running.stack.settings.ports.tenant
        relays = [await stack.enter_async_context(relay_to("127.0.0.1", port)) for _ in SDKS]
        for relay in relays:
            relay.lose_answer_to(b"POST /v1/batch")
        await asyncio.gather(
            *(
                use(sdk, f"http://127.0.0.1:{relay.port}", tenant.write_key)
                for sdk, relay in zip(SDKS, relays, strict=True)
            )
        )
        assert all(relay.lost.is_set() for relay in relays)
    await all_stored(running, tenant, api, EVENTS_PER_RUN * len(SDKS))


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/batch", b"{", 400),
        ("/v1/track/", b"", 400),
        ("/v1/b", b'{"batch":["' + b"x" * 11_000_000 + b'"]}', 413),
        ("/v1/batch", b'{"batch":[' + b"1," * 10_000 + b"1]}", 413),
    ],
)
async def test_refusals_are_final(
    running: RunningStack, tenant: ProvisionedTenant, path: str, body: bytes, status: int
) -> None:
    """What no retry can mend has the `code` and `message` without which RudderStack's SDK would try for ever."""
    async with httpx.AsyncClient(base_url=running.tenant_url, trust_env=False, timeout=30) as client:
        answer = await client.post(path, content=body, auth=(tenant.write_key, ""))
    assert answer.status_code == status
    assert {"code", "message"} <= answer.json().keys()


async def test_browsers(running: RunningStack, tenant: ProvisionedTenant, api: TenantApi) -> None:
    """What analytics-next sends from another site: a preflight, then text/plain with the key in the body."""
    origin = {"Origin": "https://shop.example"}
    async with httpx.AsyncClient(base_url=running.tenant_url, headers=origin, trust_env=False) as browser:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        preflight = await browser.options("/t", headers=asked)
        assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (200, "*")
        page = {"writeKey": tenant.write_key, "messageId": "m-1", "anonymousId": "a", "properties": {"path": "/"}}
        answer = await browser.post("/p", content=json.dumps(page), headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    await all_stored(running, tenant, api, 1)


async def test_one_bad_message_costs_only_itself(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi
) -> None:
    """200 and two stored of a batch of three; the third is a dead letter."""
    batch = [{"type": "track", "event": "a", "userId": "u"}, 7, {"type": "page", "anonymousId": "x"}]
    async with httpx.AsyncClient(base_url=running.tenant_url, trust_env=False) as client:
        answer = await client.post("/v1/import", json={"batch": batch, "writeKey": tenant.write_key})
        assert (answer.status_code, answer.json()) == (200, {"success": True})
        other = {"X-Tenant-ID": "t000"}
        refused = await client.post("/v1/import", json={"batch": batch, "writeKey": tenant.write_key}, headers=other)
        assert refused.status_code in {401, 404}
    await all_stored(running, tenant, api, 2)
    (letter,) = (await api.get("/api/v1/events/rejected"))["data"]
    assert letter["reason"] == "not_an_object"
