"""Work on many things side by side, but never on all of them at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

_Item = TypeVar("_Item")
_Done = TypeVar("_Done")


async def side_by_side(
    work: Callable[[_Item], Awaitable[_Done]], items: Iterable[_Item], *, at_most: int = 8
) -> list[_Done]:
    """Do the same work on each item, on so many at a time; give what came of it, in the order of the items.

    Raises whatever the work raises first.
    """
    gate = asyncio.Semaphore(at_most)

    async def do(item: _Item) -> _Done:
        async with gate:
            return await work(item)

    return await asyncio.gather(*map(do, items))
