"""The ledger of a tenant: what became of everything that came. It is written with the commit; see `storage.spool`."""

from dataclasses import dataclass
from datetime import datetime

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "ledger.sql")


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One minute, hour or day (UTC), by when its events were committed.

    received = accepted + duplicates + rejected, and accepted = stored + quarantined + waiting.
    """

    time: datetime
    received: int
    accepted: int
    duplicates: int
    rejected: int
    stored: int
    quarantined: int

    @property
    def waiting(self) -> int:
        """Events that are durable and on their way to the store."""
        return self.accepted - self.stored - self.quarantined


class Ledger:
    """Reads a tenant's ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rows(self, since: datetime, until: datetime, step: str) -> list[LedgerRow]:
        """Add up by `step` (minute, hour or day), oldest first; steps without events are left out."""
        async with self._database.connection() as connection:
            return [LedgerRow(**row) for row in await connection.fetch(_SQL["rows"], since, until, step)]
