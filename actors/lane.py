"""Carries to one place what is in flight together in one call, in the order in which it came.

While a few calls wait for their answers, the next is on its way: it is there when the commit under way ends. What comes
meanwhile travels with the one after: under load calls become larger by themselves, and nothing waits for a timer.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from schemas.limits import CALL_BYTES_MAX

_CALLS_AT_ONCE = 4

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(slots=True)
class _Parcel(Generic[Item, Answer]):
    item: Item
    done: asyncio.Future[Answer]


class Lane(Generic[Item, Answer]):
    """Carries items to whoever answers for each of them."""

    def __init__(
        self,
        send: Callable[[Sequence[Item]], Awaitable[Sequence[Answer | Exception]]],
        size_bytes: Callable[[Item], int],
    ) -> None:
        """Take the call, which answers for each of its items in their order, and how large an item is."""
        self._send = send
        self._size_bytes = size_bytes
        self._waiting: deque[_Parcel[Item, Answer]] = deque()
        self._driving = 0
        self._drives: set[asyncio.Task[None]] = set()

    async def carry(self, item: Item) -> Answer:
        """Wait for the answer to an item.

        Raises:
            Exception: the answer is one, or the call failed with it.
        """
        parcel: _Parcel[Item, Answer] = _Parcel(item, asyncio.get_running_loop().create_future())
        self._waiting.append(parcel)
        # Counted, because a task that has just ended would still be among the drives, and take nothing any more.
        if self._driving < _CALLS_AT_ONCE:
            self._driving += 1
            drive = asyncio.create_task(self._drive())
            self._drives.add(drive)
            drive.add_done_callback(self._drives.discard)
        return await parcel.done

    async def _drive(self) -> None:
        try:
            while parcels := self._load():
                answers: Sequence[Answer | Exception]
                try:
                    answers = await self._send([parcel.item for parcel in parcels])
                except Exception as error:  # noqa: BLE001 - every waiting request must hear of it, whatever it was
                    answers = [error] * len(parcels)
                for parcel, answer in zip(parcels, answers, strict=True):
                    _settle(parcel.done, answer)
        finally:
            self._driving -= 1

    def _load(self) -> list[_Parcel[Item, Answer]]:
        parcels: list[_Parcel[Item, Answer]] = []
        size = 0
        while self._waiting:
            parcel = self._waiting[0]
            # Whose caller has given up is left out.
            if not parcel.done.done():
                size += self._size_bytes(parcel.item)
                if parcels and size > CALL_BYTES_MAX:
                    break
                parcels.append(parcel)
            self._waiting.popleft()
        return parcels


def _settle(done: asyncio.Future[Answer], answer: Answer | Exception) -> None:
    if done.done():
        return
    if isinstance(answer, Exception):
        done.set_exception(answer)
    else:
        done.set_result(answer)
