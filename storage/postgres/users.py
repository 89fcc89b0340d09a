"""A tenant's users, and the links by which they choose a password."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from schemas.access_problems import UserExists, UsersTooMany
from schemas.limits import USERS_PER_TENANT_MAX
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "users.sql")

LinkPurpose = Literal["invitation", "reset"]


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A person who may log in to one tenant; `role` is owner, analyst or viewer. Who is only invited has no password.

    `session_version` grows when what the user may do changes: access tokens of an older one are void.
    """

    user_id: uuid.UUID
    email: str
    password_hash: str | None = field(repr=False)
    role: str
    session_version: int
    created_at: datetime
    last_login_at: datetime | None

    @property
    def state(self) -> Literal["invited", "active"]:
        """Say whether the user has taken the invitation."""
        return "active" if self.password_hash else "invited"


class Users:
    """Users of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_email(self, email: str) -> UserRecord | None:
        """Find a user; upper and lower case are one."""
        return await self._one("by_email", email)

    async def by_id(self, user_id: uuid.UUID) -> UserRecord | None:
        """Find a user by id."""
        return await self._one("by_id", user_id)

    async def all(self) -> list[UserRecord]:
        """Read every user, in the order in which they came; there are at most `USERS_PER_TENANT_MAX`."""
        async with self._database.connection() as connection:
            return [UserRecord(**row) for row in await connection.fetch(_SQL["all"])]

    async def add(self, email: str, password_hash: str | None, role: str) -> UserRecord:
        """Add a user.

        Raises:
            UserExists: the email is taken.
            UsersTooMany: the tenant has `USERS_PER_TENANT_MAX` of them.
        """
        async with self._database.connection() as connection:
            if await connection.fetchval(_SQL["count"]) >= USERS_PER_TENANT_MAX:
                raise UsersTooMany
        added = await self._one("add", email, password_hash, role)
        if added is None:
            raise UserExists
        return added

    async def active_owners(self) -> list[uuid.UUID]:
        """Read who can act as owner, and keep that so until the transaction ends."""
        async with self._database.connection() as connection:
            return [row["user_id"] for row in await connection.fetch(_SQL["lock_owners"])]

    async def set_role(self, user_id: uuid.UUID, role: str) -> UserRecord | None:
        """Give a user another role, and a new session version; None if there is no such user."""
        return await self._one("set_role", user_id, role)

    async def remove(self, user_id: uuid.UUID) -> None:
        """Remove a user with all sessions and links."""
        await self._execute("remove", user_id)

    async def set_password(self, user_id: uuid.UUID, password_hash: str) -> UserRecord | None:
        """Give a user a new password, and a new session version; None if there is no such user."""
        return await self._one("set_password", user_id, password_hash)

    async def renew_hash(self, user: UserRecord, password_hash: str) -> None:
        """Replace a hash by one of the same password with newer parameters, unless the password was changed since."""
        await self._execute("renew_hash", user.user_id, password_hash, user.password_hash)

    async def logged_in(self, user: UserRecord) -> bool:
        """Record that a user logs in now; False if the user was removed or changed since the record was read."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["logged_in"], user.user_id, user.session_version))

    async def put_link(self, user_id: uuid.UUID, token_hash: bytes, purpose: LinkPurpose, seconds: float) -> None:
        """Keep a user's link for so long, in the place of the one before."""
        await self._execute("put_link", user_id, token_hash, purpose, seconds)

    async def by_link(self, token_hash: bytes) -> UserRecord | None:
        """Find whose a link is; None if it is unknown, used, replaced or expired."""
        return await self._one("user_of_link", token_hash)

    async def take_link(self, token_hash: bytes) -> LinkPurpose | None:
        """Use a link up; None as of `by_link`."""
        async with self._database.connection() as connection:
            purpose: LinkPurpose | None = await connection.fetchval(_SQL["take_link"], token_hash)
        return purpose

    async def _one(self, query: str, *values: object) -> UserRecord | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL[query], *values)
        return None if row is None else UserRecord(**row)

    async def _execute(self, query: str, *values: object) -> None:
        async with self._database.connection() as connection:
            await connection.execute(_SQL[query], *values)
