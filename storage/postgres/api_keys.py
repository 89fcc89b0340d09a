"""A tenant's API keys in the control database: as hashes, with the first letters by which people tell them apart."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from schemas.access_problems import KeysTooMany
from schemas.ids import TenantId
from schemas.limits import KEYS_PER_TENANT_MAX
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "api_keys.sql")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to be entered; `prefix` is the part of it that may be shown again."""

    key_id: uuid.UUID
    key_hash: bytes
    prefix: str
    kind: str
    scopes: frozenset[str]
    name: str
    created_by: str


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as it may be shown; `last_used_on` is a day (UTC), None if it was never used."""

    key_id: uuid.UUID
    key_prefix: str
    kind: str
    scopes: list[str]
    name: str
    created_by: str
    created_at: datetime
    last_used_on: date | None


class ApiKeys:
    """The keys of one tenant that have not been revoked."""

    def __init__(self, control: Database, tenant_id: TenantId) -> None:
        self._control = control
        self._tenant_id = tenant_id

    async def add(self, new: NewKey) -> StoredKey:
        """Enter a key; replicas know it within a second.

        Raises:
            KeysTooMany: the tenant has `KEYS_PER_TENANT_MAX` of them.
        """
        async with self._control.connection() as connection:
            if await connection.fetchval(_SQL["count"], self._tenant_id) >= KEYS_PER_TENANT_MAX:
                raise KeysTooMany
            row = await connection.fetchrow(
                _SQL["add"],
                *(new.key_id, new.key_hash, new.prefix, self._tenant_id),
                *(new.kind, sorted(new.scopes), new.name, new.created_by),
            )
        return StoredKey(**row)

    async def all(self) -> list[StoredKey]:
        """Read every key, newest first."""
        async with self._control.connection() as connection:
            return [StoredKey(**row) for row in await connection.fetch(_SQL["all"], self._tenant_id)]

    async def revoke(self, key_id: uuid.UUID) -> bool:
        """Revoke a key; replicas refuse it within a second. False if there is none."""
        async with self._control.connection() as connection:
            return await connection.fetchval(_SQL["revoke"], self._tenant_id, key_id) is not None


class KeyUses:
    """On which day each key was last used."""

    def __init__(self, control: Database) -> None:
        self._control = control

    async def record(self, key_hashes: Collection[bytes], day: date) -> None:
        """Record that keys were used on a day."""
        async with self._control.connection() as connection:
            await connection.execute(_SQL["used"], list(key_hashes), day)


class EndedTokens:
    """Access tokens of a tenant that end before their time; replicas know within a second."""

    def __init__(self, control: Database, tenant_id: TenantId, keep_seconds: int) -> None:
        """Keep each entry as long as a token of the time may live."""
        self._control = control
        self._tenant_id = tenant_id
        self._keep_seconds = keep_seconds

    async def end(self, subject: uuid.UUID, version_min: int = 2**31 - 1) -> None:
        """End the tokens of a user that are older than a session version, or all of a session or a user."""
        async with self._control.connection() as connection:
            await connection.execute(_SQL["sweep_ended_tokens"], self._keep_seconds)
            await connection.execute(_SQL["end_tokens"], self._tenant_id, str(subject), version_min)
