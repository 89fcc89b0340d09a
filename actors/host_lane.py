"""The way from a replica to one host: what is in flight together for its tenants travels in one call.

With many tenants, each of which sends little, calls of their own would be most of the cost of an event. A tenant that
takes long must not keep the others of its call waiting: it gets a ticket instead of an answer, and its answer is asked
for by that.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ray.exceptions import RayTaskError

from actors.host_calls import Answer, Consignment, Ticket, pack_consignments, unpack_answers
from actors.lane import Lane
from actors.wire import Address, Wire, WireBrokenError
from schemas.batches import AppendReceipt


class HostLane:
    """Carries batches to a host."""

    def __init__(self, find: Callable[[], Awaitable[Any]], secret: bytes) -> None:
        """Take how the host's handle is found, and the secret of its wire."""
        self._find = find
        self._wire = Wire(self._address, secret)
        self._lane = Lane[Consignment, AppendReceipt | Ticket](self._send, lambda each: len(each.batch.frame))

    async def open(self) -> None:
        """Connect to the host, which starts if there is none.

        Raises:
            WireBrokenError, RayError: it does not answer.
        """
        await self._wire.open()

    async def append(self, consignment: Consignment) -> AppendReceipt:
        """Wait until a batch is durable.

        Raises:
            Problem: the shard's refusal.
            RayError: the host did not answer; the batch may be durable.
        """
        answer = await self._lane.carry(consignment)
        if isinstance(answer, Ticket):
            host = await self._find()
            receipt: AppendReceipt = await host.collect.remote(answer.number)
            return receipt
        return answer

    async def _send(self, consignments: Sequence[Consignment]) -> Sequence[Answer]:
        packed = pack_consignments(consignments)
        try:
            answers = await self._wire.call(packed)
        except WireBrokenError:
            # Ray knows whether the host lives, and starts it again.
            host = await self._find()
            answers = await host.append.remote(packed)
        return unpack_answers(answers)

    async def _address(self) -> Address:
        host = await self._find()
        try:
            address: Address = await host.address.remote()
        except RayTaskError as error:
            raise WireBrokenError(repr(error)) from error
        return address
