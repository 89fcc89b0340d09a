"""How a tenant's site looks."""

from dataclasses import dataclass

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "tenant_brand.sql")


@dataclass(frozen=True, slots=True)
class StoredBrand:
    """The tenant's name on its site and its colour, `#rrggbb`; None: as the platform has it."""

    name: str | None
    accent: str | None


class TenantBrand:
    """Reads and writes the brand of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> StoredBrand:
        """Read it."""
        async with self._database.connection() as connection:
            return StoredBrand(**await connection.fetchrow(_SQL["read"]))

    async def write(self, brand: StoredBrand) -> None:
        """Set all of it."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["write"], brand.name, brand.accent)
