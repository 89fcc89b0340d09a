"""The sessions of a tenant's users: families of refresh tokens, of which each is used once and gives the next.

Whoever ends sessions locks their user, and whoever goes on with one shares that lock: so no token can be given while
the others of its session are being revoked, and be left over.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "sessions.sql")


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session, which is a family of refresh tokens, and whose it is.

    Of the session of a token: whether that token was used before, in a session that goes on.
    """

    session_id: uuid.UUID
    user_id: uuid.UUID
    was_used: bool = False


@dataclass(frozen=True, slots=True)
class SessionDays:
    """How many days a refresh token may lie unused, and a session may be renewed."""

    unused: int
    at_most: int


class Sessions:
    """Sessions of one tenant's users."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, session: SessionRecord, token_hash: bytes, now: datetime, days: SessionDays) -> None:
        """Enter the first refresh token of a session, and forget tokens that have expired."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["sweep"])
            await connection.execute(_SQL["add"], token_hash, *_columns(session, now, days))

    async def go_on(self, token_hash: bytes, next_hash: bytes, days: SessionDays) -> SessionRecord | None:
        """Use a token up and enter the next of its session; None if it is unknown, used, revoked or expired.

        Both in one transaction: whoever comes second with the token waits for it, and then finds both to revoke.
        """
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["user_of"], token_hash)
            row = await connection.fetchrow(_SQL["use"], token_hash)
            if row is None:
                return None
            session = SessionRecord(row["session_id"], row["user_id"])
            await connection.execute(_SQL["add"], next_hash, *_columns(session, row["begun_at"], days))
            return session

    async def of_token(self, token_hash: bytes) -> SessionRecord | None:
        """Find the session of a refresh token, whatever became of it."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["of_token"], token_hash)
        return None if row is None else SessionRecord(**row)

    async def end(self, session: SessionRecord) -> None:
        """Revoke every refresh token of a session."""
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["lock_user"], session.user_id)
            await connection.execute(_SQL["end"], session.session_id)

    async def end_all(self, user_id: uuid.UUID) -> None:
        """Revoke every refresh token of a user."""
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["lock_user"], user_id)
            await connection.execute(_SQL["end_all"], user_id)


def _columns(
    session: SessionRecord, begun_at: datetime, days: SessionDays
) -> tuple[uuid.UUID, uuid.UUID, datetime, int, int]:
    return session.session_id, session.user_id, begun_at, days.unused, days.at_most
