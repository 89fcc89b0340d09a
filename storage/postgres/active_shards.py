"""Which shards are at work, in the control database: a host that starts again goes on with what it was doing."""

from schemas.ids import TenantId
from schemas.shards import Shard
from storage.postgres.connect import CONNECTION_LOST, DATABASE_GONE, Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "active_shards.sql")


class ActiveShards:
    """Reads and writes the list. Too long a list does no harm: a shard without work leaves by itself."""

    def __init__(self, control: Database) -> None:
        self._control = control

    async def enter(self, tenant_id: TenantId, shard: Shard) -> bool:
        """Enter a shard; False if the database is away."""
        return await self._execute("enter", tenant_id, shard)

    async def leave(self, tenant_id: TenantId, shard: Shard) -> None:
        """Strike a shard out, unless the database is away."""
        await self._execute("leave", tenant_id, shard)

    async def all(self) -> list[tuple[TenantId, Shard]]:
        """List the shards that are at work, or were when their host died.

        Raises:
            CONNECTION_LOST: the database is away.
        """
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["all"])
        return [(TenantId(row["tenant_id"]), Shard(row["shard"], row["shards"])) for row in rows]

    async def _execute(self, query: str, tenant_id: TenantId, shard: Shard) -> bool:
        try:
            async with self._control.connection() as connection:
                await connection.execute(_SQL[query], tenant_id, shard.index, shard.count)
        except (*CONNECTION_LOST, *DATABASE_GONE):
            return False
        return True
