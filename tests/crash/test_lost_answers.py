"""Postgres did what it was asked, and the connection broke before it could say so."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from actors.storer import BATCH_BYTES_MAX
from schemas.problems import SpoolUnavailable
from tenancy.provisioning import ProvisionedTenant
from tests.crash.incarnations import Incarnation, batch, incarnation
from tests.crash.relay import Relay, relay_to
from tests.stack_fixtures import RunningStack, stored_ids

pytestmark = pytest.mark.anyio

SEAL = struct.pack("!iq", 8, BATCH_BYTES_MAX)
"""The last parameter of the call that seals a batch, as it travels: its length, then its value."""


@asynccontextmanager
async def behind_relay(running: RunningStack, tenant: ProvisionedTenant) -> AsyncIterator[tuple[Relay, Incarnation]]:
    backends = running.stack.backends
    async with (
        relay_to(backends.postgres_host, backends.postgres_port) as relay,
        incarnation(running, tenant, relay.port) as held,
        asyncio.timeout(30),
    ):
        yield relay, held


async def test_commit_without_its_answer(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """1 duplicate and 1 row, not 2, when a client repeats what was committed but could not be acknowledged."""
    async with behind_relay(running, tenant) as (relay, held):
        unsure = batch(tenant, "unsure")
        relay.lose_answer_to(unsure.event_hashes)
        with pytest.raises(SpoolUnavailable):
            await held.pipeline.append(unsure)
        assert relay.lost.is_set()
        assert (await held.pipeline.append(unsure)).duplicates == (1,)
        receipt = await held.pipeline.append(batch(tenant, "after", "unsure"))
        assert receipt.duplicates == (1,)
        await held.pipeline.wait_stored(receipt.spool_id)
        stored = sorted(await stored_ids(running, tenant))
        print(f"acknowledged 2, stored {len(stored)}, doubled {len(stored) - len(set(stored))}")
        assert stored == ["after", "unsure"]


async def test_everything_is_stored_after_a_lost_commit(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Stored: each of three later batches, though the store's ledger had missed a row."""
    async with behind_relay(running, tenant) as (relay, held):
        await held.pipeline.append(batch(tenant, "first"))
        unsure = batch(tenant, "unsure")
        relay.lose_answer_to(unsure.event_hashes)
        with pytest.raises(SpoolUnavailable):
            await held.pipeline.append(unsure)
        for name in ("second", "third", "fourth"):
            receipt = await held.pipeline.append(batch(tenant, name))
            await held.pipeline.wait_stored(receipt.spool_id)
        assert sorted(await stored_ids(running, tenant)) == ["first", "fourth", "second", "third", "unsure"]


async def test_seal_without_its_answer(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Stored once, and what follows too, when a batch was sealed and the actor did not hear of it."""
    async with behind_relay(running, tenant) as (relay, held):
        relay.lose_answer_to(SEAL)
        sealed = await held.pipeline.append(batch(tenant, "sealed"))
        await held.pipeline.wait_stored(sealed.spool_id)
        assert relay.lost.is_set()
        after = await held.pipeline.append(batch(tenant, "after"))
        await held.pipeline.wait_stored(after.spool_id)
        assert sorted(await stored_ids(running, tenant)) == ["after", "sealed"]
