"""The administrator's hands: roles, databases, migrations. Only provisioning uses them, never a request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

from schemas.backends import Backends
from schemas.ids import TenantId
from storage.names import AUDITOR, CONTROL_DATABASE, tenant_database
from storage.postgres.audit_schema import ensure_audit
from storage.postgres.connect import tls_of
from storage.postgres.migrate import migrate
from storage.sql import load_migrations


def server_address(postgres_url: str) -> tuple[str, int, str, str]:
    """Take host, port, sslmode and sslrootcert from an administrator's URL, and nothing else."""
    parts = urlsplit(postgres_url)
    parameters = parse_qs(parts.query)
    mode, authorities = (
        parameters.get(name, [usual])[0] for name, usual in (("sslmode", "prefer"), ("sslrootcert", ""))
    )
    return parts.hostname or "127.0.0.1", parts.port or 5432, mode, authorities


class PostgresAdministrator:
    """Makes databases and the roles that own them."""

    def __init__(self, postgres_url: str, backends: Backends) -> None:
        self._url = postgres_url
        self._backends = backends

    @asynccontextmanager
    async def _connect(self, database: str | None = None) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(self._url, **({"database": database} if database else {}))
        try:
            yield connection
        finally:
            await connection.close()

    async def ensure_control(self) -> None:
        """Make the control database, its role and its schema, as far as they are missing."""
        async with self._connect() as connection:
            # Every role may connect to these by default: a tenant's role may connect to its own database alone.
            await connection.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", AUDITOR):
                await connection.execute(f'CREATE ROLE "{AUDITOR}" NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE')
                await connection.execute(f'GRANT "{AUDITOR}" TO CURRENT_USER')
        await self._ensure_database(CONTROL_DATABASE)
        await self._migrate(CONTROL_DATABASE, "migrations/control")

    async def ensure_tenant(self, tenant_id: TenantId) -> None:
        """Make the tenant's database, its role and its schema, as far as they are missing."""
        await self._ensure_database(tenant_database(tenant_id))
        await self.migrate_tenant(tenant_id)

    async def migrate_tenant(self, tenant_id: TenantId) -> None:
        """Bring the tenant's schema up to date."""
        await self._migrate(tenant_database(tenant_id), "migrations/tenant")

    async def ensure_audit(self, tenant_id: TenantId, keep_days: int) -> None:
        """Make the tenant's audit log, as far as it is missing."""
        await ensure_audit(self._connect, tenant_database(tenant_id), keep_days)

    async def _ensure_database(self, name: str) -> None:
        password = self._backends.role_password(name)
        async with self._connect() as connection:
            await connection.execute("SELECT pg_advisory_lock(hashtext($1))", name)
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name):
                await connection.execute(f'CREATE ROLE "{name}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE')
            # The password is set each time: it follows the root secret, also after that was rotated.
            await connection.execute(f"ALTER ROLE \"{name}\" PASSWORD '{password}'")
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await connection.execute(f'GRANT "{name}" TO CURRENT_USER')
                await connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}"')
            await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')

    async def _migrate(self, name: str, folder: str) -> None:
        connection = await asyncpg.connect(
            host=self._backends.postgres_host,
            port=self._backends.postgres_port,
            ssl=tls_of(self._backends),
            user=name,
            password=self._backends.role_password(name),
            database=name,
        )
        try:
            await migrate(connection, load_migrations("storage.postgres", folder))
        finally:
            await connection.close()
