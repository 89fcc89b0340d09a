"""Attempts at logging in or resetting a password, counted in the tenant's database: over all replicas and restarts.

An attempt is entered before it is known whether it succeeds, under a lock of its account and one of its address, so
that a thousand at once are counted as a thousand one after the other.
"""

from dataclasses import dataclass
from typing import Literal

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "attempts.sql")
_KEEP_SECONDS = 86_400

AttemptKind = Literal["login", "reset"]


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """How many attempts of one account, and of one address, there may be within a window."""

    of_account: int
    of_address: int
    window_seconds: int


class Attempts:
    """Attempts at one tenant's accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, kind: AttemptKind, email: str, ip: str, limits: AttemptLimits) -> bool:
        """Enter an attempt; False, and nothing entered, if the account or the address has had its share."""
        async with self._database.transaction() as connection:
            # The account's lock always first: so nobody waits for one that waits for them.
            await connection.execute(_SQL["lock"], "account", email.lower())
            await connection.execute(_SQL["lock"], "address", ip)
            await connection.execute(_SQL["sweep"], _KEEP_SECONDS)
            row = await connection.fetchrow(_SQL["counts"], kind, email, ip, limits.window_seconds)
            if row["of_account"] >= limits.of_account or row["of_address"] >= limits.of_address:
                return False
            await connection.execute(_SQL["add"], kind, email, ip)
            return True

    async def forget(self, kind: AttemptKind, email: str) -> None:
        """Forget an account's attempts, after one that succeeded."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["forget"], kind, email)
