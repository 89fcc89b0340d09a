"""Which shards are at work, in the control database: a host that starts again goes on with what it was doing."""

from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from schemas.ids import TenantId
from schemas.shards import Shard
from storage.postgres.connect import CONNECTION_LOST, DATABASE_GONE, Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "active_shards.sql")


class ActiveShard(NamedTuple):
    """A shard at work, and since when."""

    tenant_id: TenantId
    shard: Shard
    since: datetime


class ActiveShards:
    """Reads and writes the list. Too long a list does no harm: a shard without work leaves by itself."""

    def __init__(self, control: Database) -> None:
        self._control = control

    async def enter(self, tenant_id: TenantId, shard: Shard) -> datetime | None:
        """Enter a shard; give what `leave` asks for, None if the database is away."""
        try:
            async with self._control.connection() as connection:
                entered: datetime = await connection.fetchval(_SQL["enter"], tenant_id, shard.index, shard.count)
        except (*CONNECTION_LOST, *DATABASE_GONE):
            return None
        return entered

    async def leave(self, tenant_id: TenantId, shard: Shard, entered: datetime) -> None:
        """Strike a shard out, unless the database is away, or another host has entered it since."""
        with suppress(*CONNECTION_LOST, *DATABASE_GONE):
            async with self._control.connection() as connection:
                await connection.execute(_SQL["leave"], tenant_id, shard.index, shard.count, entered)

    async def all(self) -> list[tuple[TenantId, Shard]]:
        """List the shards that are at work, or were when their host died.

        Raises:
            CONNECTION_LOST: the database is away.
        """
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["all"])
        return [(TenantId(row["tenant_id"]), Shard(row["shard"], row["shards"])) for row in rows]

    async def page(self, *, after: tuple[str, int, int], tenant_id: str | None, limit: int) -> list[ActiveShard]:
        """Read those at work by tenant and shard, those after (tenant, index, count): of all tenants, or of one.

        Raises:
            CONNECTION_LOST: the database is away.
        """
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["page"], *after, tenant_id, limit)
        return [
            ActiveShard(TenantId(row["tenant_id"]), Shard(row["shard"], row["shards"]), row["activated_at"])
            for row in rows
        ]
