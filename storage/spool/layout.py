"""How many shards do a tenant's work: the tenant's own database knows, and its answer is the only one that counts.

An actor starts for one place in one layout (shard 2 of 3) and is refused if the layout is another. So an event can only
be committed by the shard that remembers its id, whatever whoever sent it there believed the layout to be.
"""

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.spool", "layout.sql")


class Layout:
    """Reads and changes the layout of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def shards(self) -> int:
        """Read how many shards there are."""
        async with self._database.connection() as connection:
            return int(await connection.fetchval(_SQL["shards"]))

    async def change(self, shards: int) -> None:
        """Have so many shards from now on; every actor of another layout is refused from this moment.

        Nothing is moved: whatever a shard of an earlier layout left undone is the work of the shard that is
        congruent to it. So this takes as long as the commits that are under way, however much waits in the spool.
        """
        async with self._database.connection() as connection:
            await connection.execute(_SQL["change"], shards)
