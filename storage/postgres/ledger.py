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


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the store is behind what came: null times if nothing ever came, an age of 0 if nothing waits."""

    received_at: datetime | None
    stored_at: datetime | None
    waiting_events: int
    waiting_bytes: int
    waiting_age_seconds: float


class Ledger:
    """Reads a tenant's ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def freshness(self) -> Freshness:
        """Say when something came and when something was stored last, and what waits in between."""
        async with self._database.connection() as connection:
            return Freshness(**await connection.fetchrow(_SQL["freshness"]))

    async def rows(self, since: datetime, until: datetime, step: str) -> list[LedgerRow]:
        """Add up by `step` (minute, hour or day), oldest first; steps without events are left out."""
        async with self._database.connection() as connection:
            return [LedgerRow(**row) for row in await connection.fetch(_SQL["rows"], since, until, step)]
