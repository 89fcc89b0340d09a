"""Whose turn it is to change a tenant's part of the lake: one process at a time, by a lock in the control database.

The lake itself cannot say: neither a folder nor S3 by pyarrow has a write that depends on what is there. The lock is in
the control database because a tenant that was never made whole, and is erased, may have no database of its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from schemas.ids import TenantId
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "lake_turn.sql")
_LOOK_SECONDS = 0.2


class LakeTurn:
    """The turn, as long as its connection lives."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def assert_held(self) -> None:
        """Return if it is still this process's turn: to be asked before every change that others would lose by.

        Raises:
            CONNECTION_LOST: it may be another's by now.
        """
        await self._connection.execute(_SQL["have"])


@asynccontextmanager
async def lake_turn(control: Database, tenant_id: TenantId) -> AsyncIterator[LakeTurn]:
    """Wait for the turn and have it for a block; it holds a connection.

    Raises:
        CONNECTION_LOST: the control database is away.
    """
    while True:
        async with control.connection() as connection:
            if await connection.fetchval(_SQL["try_to_take"], tenant_id):
                try:
                    yield LakeTurn(connection)
                finally:
                    await _give_back(connection, tenant_id)
                return
        # Whoever waits leaves the connection to others.
        await asyncio.sleep(_LOOK_SECONDS)


async def _give_back(connection: Any, tenant_id: TenantId) -> None:
    try:
        await connection.execute(_SQL["give_back"], tenant_id)
    except BaseException:
        # The pool would lend the connection on with the lock.
        connection.terminate()
        raise
