"""To what each tenant's databases were brought up last, so that a start does not look into hundreds of them."""

import hashlib
from functools import cache

from schemas.ids import TenantId
from storage.postgres.connect import Database
from storage.sql import load_migrations, load_queries

_SQL = load_queries("storage.postgres", "tenant_schemas.sql")
_SCHEMAS = (
    ("storage.postgres", "migrations/tenant"),
    ("storage.postgres", "migrations/audit"),
    ("storage.clickhouse", "migrations"),
)


@cache
def newest_schema(*settings: int) -> str:
    """Name what this code makes of a tenant's databases under some settings: SHA-256 of all migrations and these."""
    checksums = (step.checksum for place in _SCHEMAS for step in load_migrations(*place))
    return hashlib.sha256(" ".join((*checksums, *map(str, settings))).encode()).hexdigest()


class TenantSchemas:
    """Rows of the control database; a change of a tenant's shards takes its row away."""

    def __init__(self, control: Database) -> None:
        self._control = control

    async def brought_up(self, schema: str) -> frozenset[TenantId]:
        """Give the tenants whose databases were brought up to a schema, and asked for nothing else since."""
        async with self._control.connection() as connection:
            return frozenset(row["tenant_id"] for row in await connection.fetch(_SQL["brought_up"], schema))

    async def note(self, tenant_id: TenantId, schema: str) -> None:
        """Note that a tenant's databases are brought up to a schema."""
        async with self._control.connection() as connection:
            await connection.execute(_SQL["note"], tenant_id, schema)
