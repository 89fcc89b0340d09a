"""What is in flight together travels in one call, and none of it is forgotten."""

import asyncio
from collections.abc import Sequence

import pytest

from actors.lane import Lane

pytestmark = pytest.mark.anyio


def carried(item: int) -> str:
    return f"carried {item}"


class HeldCalls:
    """Calls that are let go together, and what travelled in each."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.calls: list[list[int]] = []

    async def send(self, items: Sequence[int]) -> list[str]:
        """Carry items, when that may end."""
        self.calls.append(list(items))
        await self.may_end.wait()
        return [carried(item) for item in items]

    async def fill(self) -> list[asyncio.Task[str]]:
        """Give a lane seven items: four are under way then, each in a call of its own, and three wait."""
        lane = Lane[int, str](self.send, lambda _: 1)
        waiting = []
        for item in range(7):
            waiting.append(asyncio.create_task(lane.carry(item)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return waiting


async def test_what_comes_while_four_calls_are_under_way_travels_with_the_next() -> None:
    """Four calls of 1 item and one of 3, each item with its own answer."""
    held = HeldCalls()
    waiting = await held.fill()
    held.may_end.set()
    assert await asyncio.gather(*waiting) == [carried(item) for item in range(7)]
    assert held.calls == [[0], [1], [2], [3], [4, 5, 6]]


async def test_an_answer_that_is_an_exception_is_raised_for_its_item_alone() -> None:
    """A ValueError for one item, an answer for the other of the same call."""

    async def send(items: Sequence[int]) -> list[str | Exception]:
        return [ValueError(str(item)) if item == 1 else carried(item) for item in items]

    lane = Lane[int, str](send, lambda _: 1)
    answers = await asyncio.gather(*(lane.carry(item) for item in range(2)), return_exceptions=True)
    assert answers[0] == carried(0)
    assert isinstance(answers[1], ValueError)


async def test_a_call_that_fails_fails_all_of_its_items_and_no_later_one() -> None:
    """An OSError for those who travelled with it, an answer afterwards."""
    is_away = True

    async def send(items: Sequence[int]) -> list[str]:
        if is_away:
            raise OSError("away")
        return [carried(item) for item in items]

    lane = Lane[int, str](send, lambda _: 1)
    answers = await asyncio.gather(*(lane.carry(item) for item in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [OSError] * 3
    is_away = False
    assert await lane.carry(3) == carried(3)


@pytest.mark.parametrize("turns", range(6))
async def test_an_item_that_comes_as_the_calls_end_is_carried(turns: int) -> None:
    """The answer, however many turns of the loop it comes after the calls were let go."""
    may_end = asyncio.Event()

    async def send(items: Sequence[int]) -> list[str]:
        await may_end.wait()
        return [carried(item) for item in items]

    lane = Lane[int, str](send, lambda _: 1)
    first = asyncio.create_task(lane.carry(0))
    await asyncio.sleep(0)
    second = asyncio.create_task(lane.carry(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    may_end.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(1):
        assert await lane.carry(2) == carried(2)
        assert [await first, await second] == [carried(0), carried(1)]


async def test_an_item_whose_caller_gave_up_is_not_sent() -> None:
    """Of three that wait for the calls under way, the one that was cancelled is left out."""
    held = HeldCalls()
    waiting = await held.fill()
    waiting.pop(5).cancel()
    held.may_end.set()
    assert await asyncio.gather(*waiting) == [carried(item) for item in range(7) if item != 5]
    assert held.calls == [[0], [1], [2], [3], [4, 6]]
