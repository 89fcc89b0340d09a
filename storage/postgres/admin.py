"""The administrator's hands: the control database, and the role that makes tenants. Only `up` uses them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg

from schemas.backends import Backends
from storage.names import AUDITOR, CONTROL_DATABASE, PROVISIONER_ROLE
from storage.postgres.provisioner_role import migrate_as_owner
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "admin.sql")


def server_address(postgres_url: str) -> tuple[str, int, str, str]:
    """Take host, port, sslmode and sslrootcert from an administrator's URL, and nothing else."""
    parts = urlsplit(postgres_url)
    parameters = parse_qs(parts.query)
    mode, authorities = (
        parameters.get(name, [usual])[0] for name, usual in (("sslmode", "prefer"), ("sslrootcert", ""))
    )
    return parts.hostname or "127.0.0.1", parts.port or 5432, mode, authorities


def backends_at(
    postgres_url: str,
    clickhouse_url: str,
    root_secrets: tuple[bytes, bytes | None],
    *,
    clickhouse_has_users: bool = False,
) -> Backends:
    """Say where the stores are, without the administrator's credentials; the root secret, and the one before."""
    host, port, tls, authorities = server_address(postgres_url)
    key, previous = root_secrets
    return Backends(host, port, tls, clickhouse_url, key, authorities, previous, clickhouse_has_users)


class PostgresAdministrator:
    """Prepares a server: what it does may be repeated."""

    def __init__(self, postgres_url: str, backends: Backends) -> None:
        self._url = postgres_url
        self._backends = backends

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(self._url)
        try:
            yield connection
        finally:
            await connection.close()

    async def ensure_control(self) -> None:
        """Make the control database, its role and its schema, as far as they are missing."""
        async with self._connect() as connection:
            await connection.execute("SELECT pg_advisory_lock(hashtext($1))", CONTROL_DATABASE)
            await _ensure_role(connection, CONTROL_DATABASE, "LOGIN")
            # The password is set each time: it follows the root secret, also after that was rotated.
            password = self._backends.role_password(CONTROL_DATABASE)
            await connection.execute(f"ALTER ROLE \"{CONTROL_DATABASE}\" NOINHERIT PASSWORD '{password}'")
            if not await connection.fetchval(_SQL["database_exists"], CONTROL_DATABASE):
                await connection.execute(f'GRANT "{CONTROL_DATABASE}" TO CURRENT_USER')
                await connection.execute(f'CREATE DATABASE "{CONTROL_DATABASE}" OWNER "{CONTROL_DATABASE}"')
            # Every role may connect to any database by default: here, to its own alone.
            for row in await connection.fetch(_SQL["open_databases"]):
                await connection.execute(f'REVOKE ALL ON DATABASE "{row["datname"]}" FROM PUBLIC')
        await migrate_as_owner(self._backends, CONTROL_DATABASE, "migrations/control")

    async def ensure_provisioner(self, password: str) -> None:
        """Make the role that makes tenants, and give it those that were made without it.

        On a server of your own, the administrator must be a superuser, or have CREATEDB and CREATEROLE.
        """
        async with self._connect() as connection:
            await connection.execute("SELECT pg_advisory_lock(hashtext($1))", PROVISIONER_ROLE)
            await _ensure_role(connection, AUDITOR, "NOLOGIN")
            await _ensure_role(connection, PROVISIONER_ROLE, "LOGIN")
            await connection.execute(f'ALTER ROLE "{AUDITOR}" NOINHERIT')
            await connection.execute(
                f'ALTER ROLE "{PROVISIONER_ROLE}" CREATEDB CREATEROLE NOINHERIT CONNECTION LIMIT 40 '
                f"PASSWORD '{_quoted(password)}'"
            )
            await connection.execute(f'GRANT CONNECT ON DATABASE postgres TO "{PROVISIONER_ROLE}"')
            await connection.execute(f'GRANT "{AUDITOR}" TO "{PROVISIONER_ROLE}" WITH INHERIT FALSE, SET TRUE')
            for row in await connection.fetch(_SQL["roles_without_provisioner"], PROVISIONER_ROLE):
                await connection.execute(f'ALTER ROLE "{row["rolname"]}" NOINHERIT')
                await connection.execute(
                    f'GRANT "{row["rolname"]}" TO "{PROVISIONER_ROLE}" WITH ADMIN TRUE, INHERIT FALSE, SET TRUE'
                )


async def _ensure_role(connection: Any, name: str, login: str) -> None:
    if not await connection.fetchval(_SQL["role_exists"], name):
        await connection.execute(f'CREATE ROLE "{name}" {login} NOINHERIT')


def _quoted(text: str) -> str:
    return text.replace("'", "''")
