"""A tenant's users, their refresh tokens, and their failed logins."""

import uuid
from dataclasses import dataclass, field

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "users.sql")


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A person who may log in to one tenant; `role` is owner, analyst or viewer."""

    user_id: uuid.UUID
    email: str
    password_hash: str = field(repr=False)
    role: str


class Users:
    """Users of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_email(self, email: str) -> UserRecord | None:
        """Find a user; upper and lower case are one."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["by_email"], email)
        return None if row is None else UserRecord(**row)

    async def by_id(self, user_id: uuid.UUID) -> UserRecord | None:
        """Find a user by id."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["by_id"], user_id)
        return None if row is None else UserRecord(**row)

    async def add(self, email: str, password_hash: str, role: str) -> bool:
        """Add a user; False if the email is taken."""
        async with self._database.connection() as connection:
            return await connection.fetchval(_SQL["add"], email, password_hash, role) is not None

    async def set_password_hash(self, user_id: uuid.UUID, password_hash: str) -> None:
        """Replace a hash, for example by one with newer parameters."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["set_password_hash"], user_id, password_hash)

    async def failures(self, email: str, window_seconds: int) -> int:
        """Count the failed logins of an account in the last seconds."""
        async with self._database.connection() as connection:
            return int(await connection.fetchval(_SQL["failures"], email, window_seconds))

    async def add_failure(self, email: str) -> None:
        """Record a failed login."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["add_failure"], email)

    async def clear_failures(self, email: str) -> None:
        """Forget failed logins, after one that succeeded."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["clear_failures"], email)

    async def add_refresh(self, token_hash: bytes, family_id: uuid.UUID, user_id: uuid.UUID, days: int) -> None:
        """Enter a refresh token of a family."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["add_refresh"], token_hash, family_id, user_id, days)

    async def use_refresh(self, token_hash: bytes) -> tuple[uuid.UUID, uuid.UUID] | None:
        """Use a token up; (family id, user id), or None if it is unknown, used, revoked or expired."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["use_refresh"], token_hash)
        return None if row is None else (row["family_id"], row["user_id"])

    async def revoke_family(self, token_hash: bytes) -> None:
        """End every token of the family that this one belongs to."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["revoke_family"], token_hash)
