"""Who is served next: tenants in turn, however many requests each of them has open.

What a request costs a replica comes in one piece, when its body is there: decompressing, parsing, checking. Without
turns these pieces would come in the order in which bodies arrive, and a tenant with hundreds of requests open would
keep everyone else waiting behind them.
"""

import asyncio
from collections import deque

from schemas.ids import TenantId


class FairTurns:
    """Gives turns on the event loop, one an iteration, from tenant to tenant."""

    def __init__(self) -> None:
        self._waiting: dict[TenantId, deque[asyncio.Future[None]]] = {}
        self._order: deque[TenantId] = deque()

    async def turn(self, tenant_id: TenantId) -> None:
        """Wait for the tenant's turn: the time until the next await is its."""
        waits: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._waiting.get(tenant_id)
        if queue is None:
            queue = self._waiting[tenant_id] = deque()
            self._order.append(tenant_id)
            if len(self._order) == 1:
                asyncio.get_running_loop().call_soon(self._give)
        queue.append(waits)
        await waits

    def _give(self) -> None:
        """Serve the oldest request of the tenant whose turn it is; a request that was given up takes no turn."""
        while self._order:
            tenant_id = self._order.popleft()
            queue = self._waiting[tenant_id]
            waits = queue.popleft()
            if queue:
                self._order.append(tenant_id)
            else:
                del self._waiting[tenant_id]
            if not waits.done():
                waits.set_result(None)
                break
        if self._order:
            asyncio.get_running_loop().call_soon(self._give)
