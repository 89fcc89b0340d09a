"""The way from a replica to one host: what is in flight together for its tenants travels in one call.

A call costs both sides about a millisecond. With many tenants, each of which sends little, that would be most of the
cost of an event. A tenant that takes long must not keep the others of its call waiting: it gets a ticket instead of an
answer, and its answer is asked for by that.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from actors.host_calls import Answer, Consignment, Ticket, pack_consignments, unpack_answers
from schemas.batches import AppendReceipt
from schemas.limits import CALL_BYTES_MAX

_CALLS_AT_ONCE = 2
"""While one call waits for its commits, the next is on its way."""


@dataclass(slots=True)
class _Parcel:
    consignment: Consignment
    done: asyncio.Future[AppendReceipt]


class HostLane:
    """Carries batches to a host."""

    def __init__(self, find: Callable[[], Any]) -> None:
        """Take how the host's handle is found."""
        self._find = find
        self._waiting: deque[_Parcel] = deque()
        self._calls: set[asyncio.Task[None]] = set()
        self._late: set[asyncio.Task[None]] = set()

    async def append(self, consignment: Consignment) -> AppendReceipt:
        """Wait until a batch is durable.

        Raises:
            Problem: the shard's refusal.
            RayError: the host did not answer; the batch may be durable.
        """
        parcel = _Parcel(consignment, asyncio.get_running_loop().create_future())
        self._waiting.append(parcel)
        if len(self._calls) < _CALLS_AT_ONCE:
            _begin(self._drive(), self._calls)
        return await parcel.done

    async def _drive(self) -> None:
        while self._waiting:
            parcels = self._load()
            answers: Sequence[Answer | Exception]
            try:
                packed = await self._find().append.remote(pack_consignments([parcel.consignment for parcel in parcels]))
                answers = unpack_answers(packed)
            except Exception as error:  # noqa: BLE001 - every waiting request must hear of it, whatever it was
                answers = [error] * len(parcels)
            for parcel, answer in zip(parcels, answers, strict=True):
                if isinstance(answer, Ticket):
                    _begin(self._collect(parcel, answer), self._late)
                else:
                    _settle(parcel, answer)

    async def _collect(self, parcel: _Parcel, ticket: Ticket) -> None:
        try:
            receipt: AppendReceipt = await self._find().collect.remote(ticket.number)
        except Exception as error:  # noqa: BLE001 - the same
            _settle(parcel, error)
        else:
            _settle(parcel, receipt)

    def _load(self) -> list[_Parcel]:
        parcels = [self._waiting.popleft()]
        size = len(parcels[0].consignment.batch.frame)
        while self._waiting and size + len(self._waiting[0].consignment.batch.frame) <= CALL_BYTES_MAX:
            parcels.append(self._waiting.popleft())
            size += len(parcels[-1].consignment.batch.frame)
        return parcels


def _begin(work: Coroutine[Any, Any, None], kept: set[asyncio.Task[None]]) -> None:
    task = asyncio.create_task(work)
    kept.add(task)
    task.add_done_callback(kept.discard)


def _settle(parcel: _Parcel, answer: AppendReceipt | Exception) -> None:
    if parcel.done.done():
        return
    if isinstance(answer, Exception):
        parcel.done.set_exception(answer)
    else:
        parcel.done.set_result(answer)
