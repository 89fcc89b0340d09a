"""A tenant's own settings for its reports."""

from dataclasses import dataclass

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "tenant_settings.sql")


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """The currency (ISO 4217) in which reports add up, and the IANA time zone of their days."""

    currency: str
    time_zone: str


class TenantSettings:
    """Reads and writes the settings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> StoredSettings:
        """Read what is set."""
        async with self._database.connection() as connection:
            return StoredSettings(**await connection.fetchrow(_SQL["read"]))

    async def write(self, settings: StoredSettings) -> StoredSettings:
        """Set all of them."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["write"], settings.currency, settings.time_zone)
        return StoredSettings(**row)
