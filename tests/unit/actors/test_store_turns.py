"""Turns of a host's shards at the store."""

import asyncio
import time
from itertools import pairwise

import pytest

from actors.store_turns import StoreTurns

pytestmark = pytest.mark.anyio

_LATE_SECONDS = 0.05
"""How late a busy machine may wake a task."""


async def turns_of(waiters: int, insert_seconds: float) -> list[tuple[int, float, float]]:
    """Let so many ask at once; give who had a turn, when it began, and when it ended, in seconds."""
    turns, began, had = StoreTurns(rest_factor=2.0, rest_seconds_max=0.1, wait_seconds_max=0.2), time.monotonic(), []

    async def store(place: int) -> None:
        async with turns.turn():
            started = time.monotonic() - began
            await asyncio.sleep(insert_seconds)
            had.append((place, started, time.monotonic() - began))

    await asyncio.gather(*map(store, range(waiters)))
    return had


async def test_one_at_a_time_in_order() -> None:
    """0, 1, 2: each begins after the one before has ended."""
    had = await turns_of(3, 0.01)
    assert [place for place, _, _ in had] == [0, 1, 2]
    assert all(later[1] >= earlier[2] for earlier, later in pairwise(had))


async def test_a_slow_store_has_rests() -> None:
    """Twice as long as the insert took, at most a tenth of a second: 40 ms after 20, 100 ms after 60."""
    for insert_seconds, rest_seconds in ((0.02, 0.04), (0.06, 0.1)):
        first, second = await turns_of(2, insert_seconds)
        assert rest_seconds - 0.005 < second[1] - first[2] < rest_seconds + _LATE_SECONDS


async def test_nobody_waits_for_rests_for_long() -> None:
    """No rest before the third of three inserts of 80 ms: it has waited 0.2 s by then."""
    _, second, third = await turns_of(3, 0.08)
    assert third[1] - second[2] < _LATE_SECONDS


async def test_who_has_a_ripe_insert_does_not_rest() -> None:
    """At once after another's insert of 80 ms."""
    turns = StoreTurns(rest_factor=2.0, rest_seconds_max=0.1, wait_seconds_max=0.2)
    async with turns.turn():
        await asyncio.sleep(0.08)
    began = time.monotonic()
    async with turns.turn(is_ripe=True):
        assert time.monotonic() - began < _LATE_SECONDS


async def test_a_ripe_insert_ends_the_rest_of_whoever_rests() -> None:
    """After an insert of 80 ms one who would rest for a tenth of a second goes as soon as another has a ripe insert."""
    turns = StoreTurns(rest_factor=2.0, rest_seconds_max=0.1, wait_seconds_max=0.2)
    async with turns.turn():
        await asyncio.sleep(0.08)
    began = time.monotonic()

    async def small() -> float:
        async with turns.turn():
            return time.monotonic() - began

    async def full() -> float:
        await asyncio.sleep(0.02)
        async with turns.turn(is_ripe=True):
            return time.monotonic() - began

    rested, waited = await asyncio.gather(small(), full())
    assert 0.015 < rested <= waited < 0.02 + _LATE_SECONDS


async def test_an_insert_that_ripens_meanwhile_ends_its_rest() -> None:
    """Who asked with little does not rest on when that has changed."""
    turns = StoreTurns(rest_factor=2.0, rest_seconds_max=0.1, wait_seconds_max=0.2)
    async with turns.turn():
        await asyncio.sleep(0.08)
    asyncio.get_running_loop().call_later(0.02, turns.hurry)
    began = time.monotonic()
    async with turns.turn():
        assert 0.015 < time.monotonic() - began < 0.02 + _LATE_SECONDS
