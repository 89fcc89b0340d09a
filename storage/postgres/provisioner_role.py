"""The hands that make and erase tenants' databases: a role that is no superuser and reads no tenant's data.

It may make databases and roles, and act on those it made. It is no heir of theirs (INHERIT FALSE), so that it cannot
connect to a tenant's database; to make, close or drop one, it puts on that tenant's role for the statement.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg

from schemas.backends import Backends
from schemas.ids import TenantId
from storage.names import PROVISIONER_ROLE, tenant_database
from storage.postgres.audit_schema import ensure_audit
from storage.postgres.connect import tls_of
from storage.postgres.migrate import migrate
from storage.sql import load_migrations

_DATABASE = "postgres"
_DROP_SECONDS = 60.0
_AT_ONCE = 8


class TenantDatabases:
    """Makes and erases tenants' databases and the roles that own them, as the provisioner's role."""

    def __init__(self, backends: Backends, password: str) -> None:
        self._backends = backends
        self._password = password
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def ensure(self, tenant_id: TenantId) -> None:
        """Make the tenant's database, its role and its schema, as far as they are missing."""
        name = tenant_database(tenant_id)
        async with self._gate, self._connection() as connection:
            # Two runs of one job must not both find that there is no role.
            await connection.execute("SELECT pg_advisory_lock(hashtext($1))", name)
            await self._ensure_role(connection, name)
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}"')
            await connection.execute(f'SET ROLE "{name}"')
            await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        await self.migrate(tenant_id)

    async def migrate(self, tenant_id: TenantId) -> None:
        """Bring the tenant's schema up to date, as the tenant's own role."""
        await migrate_as_owner(self._backends, tenant_database(tenant_id), "migrations/tenant")

    async def ensure_audit(self, tenant_id: TenantId, keep_days: int) -> None:
        """Make the tenant's audit log, as far as it is missing; while it does, the provisioner may connect there."""
        async with self._gate:
            await ensure_audit(self._connection, tenant_database(tenant_id), keep_days)

    async def renew_password(self, tenant_id: TenantId) -> None:
        """Set the password of a tenant's role to what derives from the root secret now, if the role is made already."""
        name = tenant_database(tenant_id)
        async with self._gate, self._connection() as connection:
            # Whoever makes it has the lock: the one of the two that comes later sets the password that stays.
            await connection.execute("SELECT pg_advisory_lock(hashtext($1))", name)
            if await _has_role(connection, name):
                await self._set_password(connection, name)

    async def erase(self, tenant_id: TenantId) -> None:
        """Drop the tenant's database, whoever is connected to it, and its role."""
        name = tenant_database(tenant_id)
        async with self._gate, self._connection() as connection:
            if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await connection.execute(f'SET ROLE "{name}"')
                await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)', timeout=_DROP_SECONDS)
                await connection.execute("RESET ROLE")
            await connection.execute(f'DROP ROLE IF EXISTS "{name}"')

    async def _ensure_role(self, connection: Any, name: str) -> None:
        if not await _has_role(connection, name):
            await connection.execute(
                f'CREATE ROLE "{name}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION'
            )
        await connection.execute(f'GRANT "{name}" TO "{PROVISIONER_ROLE}" WITH INHERIT FALSE, SET TRUE')
        await self._set_password(connection, name)

    async def _set_password(self, connection: Any, name: str) -> None:
        await connection.execute(f"ALTER ROLE \"{name}\" PASSWORD '{self._backends.role_password(name)}'")

    def _connection(self, database: str | None = None) -> AbstractAsyncContextManager[Any]:
        return _connected(self._backends, PROVISIONER_ROLE, self._password, database or _DATABASE)


async def _has_role(connection: Any, name: str) -> bool:
    return bool(await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name))


async def migrate_as_owner(backends: Backends, name: str, folder: str) -> None:
    """Bring the schema of a database up to date, as the role that owns it."""
    async with _connected(backends, name, backends.role_password(name), name) as connection:
        await migrate(connection, load_migrations("storage.postgres", folder))


@asynccontextmanager
async def _connected(backends: Backends, role: str, password: str, database: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(
        host=backends.postgres_host,
        port=backends.postgres_port,
        ssl=tls_of(backends),
        user=role,
        password=password,
        database=database,
    )
    try:
        yield connection
    finally:
        await connection.close()
