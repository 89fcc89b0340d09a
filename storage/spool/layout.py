"""How many shards do a tenant's work: the tenant's own database knows, and its answer is the only one that counts.

An actor starts for one place in one layout (shard 2 of 3) and is refused if the layout is another. So an event can only
be committed by the shard that remembers its id, whatever whoever sent it there believed the layout to be.
"""

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.spool", "layout.sql")


class TenantClosedError(Exception):
    """The tenant is being deleted: nobody may write to its spool any more."""


class Layout:
    """Reads and changes the layout of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def shards(self) -> int:
        """Read how many shards there are.

        Raises:
            TenantClosedError: none, for good.
        """
        async with self._database.connection() as connection:
            count = await connection.fetchval(_SQL["shards"])
        if count is None:
            raise TenantClosedError
        return int(count)

    async def waits(self) -> bool:
        """Say whether anything that was accepted is not in ClickHouse yet."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["waits"]))

    async def close(self) -> None:
        """Take the epochs away: every actor is refused from now on, and none can start; this cannot be undone."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["close"])

    async def change(self, shards: int) -> None:
        """Have so many shards from now on; every actor of another layout is refused from this moment.

        Nothing is moved: whatever a shard of an earlier layout left undone is the work of the shard that is
        congruent to it. So this takes as long as the commits that are under way, however much waits in the spool.
        """
        async with self._database.connection() as connection:
            await connection.execute(_SQL["change"], shards)
