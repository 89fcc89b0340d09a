"""A tenant's own settings: for its reports, and for pages that call its API."""

from dataclasses import dataclass

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "tenant_settings.sql")


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """The currency (ISO 4217) in which reports add up, the IANA time zone of their days, and origins of pages.

    And whether models of all tenants may learn from this one's journeys.
    """

    currency: str
    time_zone: str
    allowed_origins: list[str]
    contributes_to_global_model: bool


class TenantSettings:
    """Reads and writes the settings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> StoredSettings:
        """Read what is set."""
        async with self._database.connection() as connection:
            return StoredSettings(**await connection.fetchrow(_SQL["read"]))

    async def write(
        self,
        currency: str,
        time_zone: str,
        allowed_origins: list[str] | None = None,
        *,
        contributes_to_global_model: bool | None = None,
    ) -> StoredSettings:
        """Set them; what is None stays as it was. Give what is set then."""
        values = (currency, time_zone, allowed_origins, contributes_to_global_model)
        async with self._database.connection() as connection:
            return StoredSettings(**await connection.fetchrow(_SQL["write"], *values))
