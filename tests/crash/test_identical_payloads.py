"""What makes two events one: their id, and nothing else about them."""

import httpx
import pytest

from tenancy.provisioning import ProvisionedTenant
from tests.crash.load import kill_actor, send_patiently
from tests.stack_fixtures import RunningStack, event, ndjson, stored_ids

pytestmark = pytest.mark.anyio


async def test_identical_payloads_with_different_ids(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient
) -> None:
    """60 of 60 kept, in two equal requests and across an actor's restart, and none of them when they come again."""
    payload = event("purchase", user_id="u-1")
    bodies = [ndjson([payload | {"event_id": f"{part}-{number}"} for number in range(20)]) for part in "abc"]
    for body in bodies[:2]:
        assert (await send_patiently(http, body))["accepted"] == 20
    await kill_actor(running, tenant)
    assert (await send_patiently(http, bodies[2]))["accepted"] == 20
    for body in bodies:
        again = await send_patiently(http, body)
        assert (again["accepted"], again["duplicates"]) == (0, 20)
    await assert_stored(running, tenant, http, 60)


async def test_one_id_counts_once(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> None:
    """1 of 6: the same id twice in a request, again in the next, and again after the actor's restart."""
    twice = ndjson([event(event_id="one", media_source=source) for source in ("a", "b")])
    answers = [await send_patiently(http, twice) for _ in range(2)]
    await kill_actor(running, tenant)
    answers.append(await send_patiently(http, twice))
    assert [(answer["accepted"], answer["duplicates"]) for answer in answers] == [(1, 1), (0, 2), (0, 2)]
    await assert_stored(running, tenant, http, 1)


async def assert_stored(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient, expected: int
) -> None:
    """Count the rows, once a marker that was sent after them is stored."""
    await send_patiently(http, ndjson([event(event_id="marker")]), wait="stored")
    stored = await stored_ids(running, tenant)
    stored.remove("marker")
    doubled = len(stored) - len(set(stored))
    print(f"acknowledged {expected}, stored {len(stored)}, missing {expected - len(set(stored))}, doubled {doubled}")
    assert (len(stored), doubled) == (expected, 0)
