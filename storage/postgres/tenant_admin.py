"""Tenants, platform keys and usage as the platform's operators see them."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from schemas.ids import TenantId
from schemas.problems import HostTaken
from storage.postgres.connect import Database
from storage.postgres.directory import KeyRecord
from storage.postgres.ledger import Freshness, Ledger
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "tenant_admin.sql")

LIMITS = ("events_per_second", "events_per_day", "requests_at_once")
"""What a tenant may send, in the order in which the query takes it; each may be null, which is the default."""


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A tenant in whatever state; a limit of None is the default one."""

    tenant_id: TenantId
    host: str
    name: str
    state: str
    events_per_second: float | None
    events_per_day: int | None
    requests_at_once: int | None
    shards: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TenantChange:
    """What is to be another: None leaves a value; limits named in `limits` are set, to None for the default."""

    host: str | None = None
    name: str | None = None
    shards: int | None = None
    events_per_second: float | None = None
    events_per_day: int | None = None
    requests_at_once: int | None = None
    limits: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class PlatformKeyRow:
    """A platform key that works; `last_used_on` is a day (UTC), None if it was never used."""

    key_id: uuid.UUID
    key_prefix: str
    name: str
    scopes: list[str]
    created_at: datetime
    last_used_on: date | None


@dataclass(frozen=True, slots=True)
class DatabaseUsage:
    """Events of a span by what became of them, the size of a tenant's database, and what waits now.

    `freshness` is of what waits for ClickHouse, `pending_conversions` wait for their first result.
    """

    received: int
    accepted: int
    duplicates: int
    rejected: int
    stored: int
    quarantined: int
    postgres_bytes: int
    pending_conversions: int
    freshness: Freshness


class TenantAdmin:
    """Reads and changes rows of the control database."""

    def __init__(self, control: Database) -> None:
        self._control = control

    async def page(
        self, *, after: str, limit: int, state: str | None = None, search: str | None = None
    ) -> list[TenantRow]:
        """Read tenants by id, those after one; `search` is a part of their id, host or name, in any case."""
        async with self._control.connection() as connection:
            return [TenantRow(**row) for row in await connection.fetch(_SQL["page"], after, state, search, limit)]

    async def one(self, tenant_id: str) -> TenantRow | None:
        """Find a tenant."""
        async with self._control.connection() as connection:
            row = await connection.fetchrow(_SQL["one"], tenant_id)
        return None if row is None else TenantRow(**row)

    async def change(self, tenant_id: str, change: TenantChange) -> bool:
        """Change a tenant that is active or suspended; False if there is none.

        Raises:
            HostTaken: another tenant has the host.
        """
        limits = [value for name in LIMITS for value in (name in change.limits, getattr(change, name))]
        async with self._control.connection() as connection:
            try:
                changed = await connection.fetchval(
                    _SQL["change"], tenant_id, change.host, change.name, change.shards, *limits
                )
            except asyncpg.UniqueViolationError as error:
                raise HostTaken(f"{change.host} belongs to another tenant.") from error
        return changed is not None

    async def platform_keys(self) -> list[PlatformKeyRow]:
        """List the platform keys that work, oldest first."""
        async with self._control.connection() as connection:
            return [PlatformKeyRow(**row) for row in await connection.fetch(_SQL["keys"])]

    async def add_platform_key(self, record: KeyRecord, prefix: str, created_by: str) -> PlatformKeyRow:
        """Enter a platform key; replicas know it within a second."""
        async with self._control.connection() as connection:
            row = await connection.fetchrow(
                _SQL["add_key"], record.key_hash, prefix, sorted(record.scopes), record.name, created_by
            )
        return PlatformKeyRow(**row)

    async def revoke_platform_key(self, key_id: uuid.UUID) -> bool:
        """Revoke a platform key; False if there is none. Replicas know within a second."""
        async with self._control.connection() as connection:
            return await connection.fetchval(_SQL["revoke_key"], key_id) is not None

    async def active_shards(self, tenant_ids: list[str]) -> dict[str, int]:
        """Count the actors that are at work for each of these tenants."""
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["active_shards"], tenant_ids)
        return {row["tenant_id"]: row["shards"] for row in rows}


async def read_usage(database: Database, since: datetime, until: datetime) -> DatabaseUsage:
    """Read what a tenant used; no event is looked at.

    Raises:
        CONNECTION_LOST, DATABASE_GONE: the database is away, or was erased a moment ago.
    """
    async with database.connection() as connection:
        counted = await connection.fetchrow(_SQL["usage"], since, until)
    return DatabaseUsage(**counted, freshness=await Ledger(database).freshness())
