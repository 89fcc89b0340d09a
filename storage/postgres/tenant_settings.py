"""A tenant's own settings: for its reports, and for pages that call its API."""

from dataclasses import dataclass

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "tenant_settings.sql")


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """The currency (ISO 4217) in which reports add up, the IANA time zone of their days, and origins of pages."""

    currency: str
    time_zone: str
    allowed_origins: list[str]


class TenantSettings:
    """Reads and writes the settings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> StoredSettings:
        """Read what is set."""
        async with self._database.connection() as connection:
            return StoredSettings(**await connection.fetchrow(_SQL["read"]))

    async def write(self, currency: str, time_zone: str, allowed_origins: list[str] | None = None) -> StoredSettings:
        """Set them; origins of None stay as they were. Give what is set then."""
        async with self._database.connection() as connection:
            return StoredSettings(**await connection.fetchrow(_SQL["write"], currency, time_zone, allowed_origins))
