"""Who works next where only one can: tenants in turn, however much work each of them has.

Work comes in small pieces, and whoever has more of it goes to the end of the queue after each: a tenant with a long
queue makes another wait for one piece, not for all that came before.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from schemas.ids import TenantId


class FairGate:
    """Lets one through at a time, from tenant to tenant; those of one tenant in the order in which they came."""

    def __init__(self) -> None:
        self._is_taken = False
        # Tenants in the order of their turns.
        self._waiting: dict[TenantId, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, tenant_id: TenantId) -> AsyncIterator[None]:
        """Wait for the tenant's turn, and have it until the block ends."""
        if self._is_taken:
            await self._wait(tenant_id)
        self._is_taken = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, tenant_id: TenantId) -> None:
        waits: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant_id, deque()).append(waits)
        try:
            await waits
        except asyncio.CancelledError:
            if waits.done() and not waits.cancelled():
                # It had its turn at the very moment at which nobody wanted it any more.
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Give the turn to the oldest piece of the tenant whose turn it is; one that was given up takes none."""
        while self._waiting:
            tenant_id = next(iter(self._waiting))
            queue = self._waiting.pop(tenant_id)
            waits = queue.popleft()
            if queue:
                self._waiting[tenant_id] = queue
            if not waits.done():
                waits.set_result(None)
                return
        self._is_taken = False
