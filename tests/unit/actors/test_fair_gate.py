"""Turns of tenants where only one can work."""

import asyncio
from contextlib import suppress

import pytest

from actors.fair_gate import FairGate
from schemas.ids import TenantId

pytestmark = pytest.mark.anyio


async def test_tenants_have_turns() -> None:
    """Ten pieces of one tenant wait; two of another come later and are done third and fifth, in their order."""
    gate, done = FairGate(), []

    async def work(tenant_id: str, piece: int) -> None:
        async with gate.turn(TenantId(tenant_id)):
            await asyncio.sleep(0)
            done.append(f"{tenant_id}{piece}")

    await asyncio.gather(*(work("a", piece) for piece in range(10)), *(work("b", piece) for piece in range(2)))
    assert done[:6] == ["a0", "a1", "b0", "a2", "b1", "a3"]
    assert len(done) == 12


async def test_who_gave_up_takes_no_turn() -> None:
    """Of three that wait, one is cancelled while it waits and one as it gets its turn: the last one still has its."""
    gate = FairGate()

    async def wait() -> str:
        async with gate.turn(TenantId("a")):
            return "done"

    async with gate.turn(TenantId("b")):
        waiting, given, last = (asyncio.create_task(wait()) for _ in range(3))
        await asyncio.sleep(0)
        waiting.cancel()
    given.cancel()
    with suppress(asyncio.CancelledError):
        await given
    assert await last == "done"
    async with asyncio.timeout(1), gate.turn(TenantId("c")):
        pass
