"""Whose turn it is at a database's connections."""

import asyncio

import pytest

from schemas.settings import PostgresSettings
from storage.postgres.turns import First, Lane, Place

pytestmark = pytest.mark.anyio

SETTINGS = PostgresSettings(patience_seconds=0.02, extra_idle_seconds=0.1, connect_seconds=0.3)


def lane(extra: int = 1, first: First | None = None, settings: PostgresSettings = SETTINGS) -> Lane:
    """Make one, beside others if they share the first connection."""
    return Lane(first or First(), extra, settings)


async def test_one_after_the_other_shares_the_first() -> None:
    """Whoever comes while it is used has it next, if that is soon."""
    loops = lane()
    assert await loops.take() is Place.FIRST
    second = asyncio.create_task(loops.take())
    await asyncio.sleep(0)
    loops.give(Place.FIRST)
    assert await second is Place.FIRST


async def test_whoever_waits_too_long_opens_another() -> None:
    """From then on nobody waits, until that one was unused for long."""
    loops, now = lane(), asyncio.get_running_loop().time
    await loops.take()
    began = now()
    assert await loops.take() is Place.EXTRA
    assert now() - began >= SETTINGS.patience_seconds
    loops.give(Place.EXTRA)
    began = now()
    assert await loops.take() is Place.EXTRA
    assert now() - began < SETTINGS.patience_seconds
    loops.give(Place.EXTRA)
    await asyncio.sleep(SETTINGS.extra_idle_seconds)
    began = now()
    assert await loops.take() is Place.EXTRA
    assert now() - began >= SETTINGS.patience_seconds


async def test_commits_wait_for_nobody_for_long() -> None:
    """Though all that the loops may have is in use: theirs is their own."""
    first = First()
    loops, commits = lane(first=first), lane(first=first)
    assert {await loops.take(), await loops.take()} == {Place.FIRST, Place.EXTRA}
    third = asyncio.create_task(loops.take())
    assert await commits.take() is Place.EXTRA
    # What the commits give back is no use to the loops, and the first one is.
    commits.give(Place.EXTRA)
    await asyncio.sleep(0)
    assert not third.done()
    loops.give(Place.FIRST)
    assert await third is Place.FIRST


async def test_nobody_waits_for_ever() -> None:
    """When all are in use for as long as a connection may take, that is an error."""
    loops = lane(extra=0)
    await loops.take()
    with pytest.raises(TimeoutError):
        await loops.take()
    loops.give(Place.FIRST)
    assert await loops.take() is Place.FIRST


async def test_a_turn_is_not_lost_with_whoever_had_it() -> None:
    """A borrower that is cancelled the moment it gets its turn gives it to the next."""
    loops = lane(extra=0)
    await loops.take()
    gone, next_one = asyncio.create_task(loops.take()), asyncio.create_task(loops.take())
    await asyncio.sleep(0)
    loops.give(Place.FIRST)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await next_one is Place.FIRST
