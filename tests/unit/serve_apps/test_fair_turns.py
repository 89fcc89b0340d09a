"""Turns of tenants in a replica."""

import asyncio

import pytest

from schemas.ids import TenantId
from serve_apps.fair_turns import FairTurns

pytestmark = pytest.mark.anyio

LOUD, QUIET, OTHER = (TenantId(name) for name in ("loud", "quiet", "other"))


async def order_of(*tenants: TenantId) -> list[TenantId]:
    """Let requests of these tenants ask in this order; give the order in which they are served."""
    turns = FairTurns()
    served: list[TenantId] = []

    async def request(tenant_id: TenantId) -> None:
        await turns.turn(tenant_id)
        served.append(tenant_id)

    async with asyncio.timeout(5):
        await asyncio.gather(*map(request, tenants))
    return served


async def test_in_turn_however_many_wait() -> None:
    """A quiet tenant's request behind 100 of a loud one is the second to be served; the third tenant's is the third."""
    served = await order_of(*(LOUD,) * 100, QUIET, OTHER)
    assert served[:4] == [LOUD, QUIET, OTHER, LOUD]
    assert len(served) == 102


async def test_in_order_within_a_tenant() -> None:
    """0 to 9, as they came."""
    turns = FairTurns()
    served: list[int] = []

    async def request(number: int) -> None:
        await turns.turn(LOUD)
        served.append(number)

    await asyncio.gather(*map(request, range(10)))
    assert served == list(range(10))


async def test_who_gives_up_takes_no_turn() -> None:
    """The others are served although 3 of 5 requests were cancelled while they waited; and so is who comes later."""
    turns = FairTurns()
    tasks = [asyncio.create_task(turns.turn(LOUD)) for _ in range(5)]
    await asyncio.sleep(0)
    for task in tasks[:3]:
        task.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks, return_exceptions=True)
        await turns.turn(QUIET)
    assert [task.cancelled() for task in tasks] == [True] * 3 + [False] * 2
