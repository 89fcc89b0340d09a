"""Connections to Postgres: always as the role of one database, pooled per database, closed when unused."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import asyncpg

from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.settings import PostgresSettings
from storage.names import CONTROL_DATABASE, tenant_database
from storage.postgres.lean_connection import LeanConnection
from storage.postgres.turns import First, Lane, Place

_VERIFYING = frozenset({"verify-ca", "verify-full"})
_JSON_TYPES = ("json", "jsonb")

CONNECTION_LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # What a statement meets on a connection whose server has just said goodbye.
    asyncpg.InternalClientError,
    # Shutting down, starting up, cancelled; out of disk, memory or connections.
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
"""What a caller sees when the server is away, as opposed to refusing a statement."""

DATABASE_GONE = (
    asyncpg.InvalidCatalogNameError,
    # A role that is not there, or whose password was renewed.
    asyncpg.InvalidPasswordError,
    asyncpg.InvalidAuthorizationSpecificationError,
)
"""What a caller sees of a database that was dropped with its role, or whose password this process does not know yet."""


_HELD: ContextVar[tuple["Database", Any] | None] = ContextVar("held_connection", default=None)
"""The database of which the running task has a transaction open, and its connection."""


async def _as_text(connection: asyncpg.Connection) -> None:
    for name in _JSON_TYPES:
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_text, decoder=str)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


async def _as_it_is(_: asyncpg.Connection) -> None:
    """Give a connection back without the round trip that takes settings back: nothing here changes a session's."""


def tls_of(backends: Backends) -> ssl.SSLContext | str:
    """Say how to speak TLS to the server: for the modes that verify, with the authorities that the URL names."""
    if backends.postgres_tls not in _VERIFYING:
        return backends.postgres_tls
    authorities = backends.postgres_ca if backends.postgres_ca != "system" else ""
    context = ssl.create_default_context(cafile=authorities or None)
    context.check_hostname = backends.postgres_tls == "verify-full"
    return context


class _Pool:
    """Connections to one database as its own role, up to so many; it opens on first use."""

    def __init__(
        self, backends: Backends, settings: PostgresSettings, database: str, size: int, idle_seconds: float
    ) -> None:
        self._backends = backends
        self._settings = settings
        self._database = database
        self._size = size
        self._idle_seconds = idle_seconds
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def _open(self) -> asyncpg.Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    host=self._backends.postgres_host,
                    port=self._backends.postgres_port,
                    ssl=tls_of(self._backends),
                    user=self._database,
                    password=self._backends.role_password(self._database),
                    database=self._database,
                    connection_class=LeanConnection,
                    min_size=0,
                    max_size=self._size,
                    max_inactive_connection_lifetime=self._idle_seconds,
                    command_timeout=self._settings.statement_seconds,
                    timeout=self._settings.connect_seconds,
                    init=_as_text,
                    reset=_as_it_is,
                )
            return self._pool

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        pool = self._pool or await self._open()
        async with pool.acquire(timeout=self._settings.connect_seconds) as connection:
            yield connection

    def close(self) -> None:
        """Close it without waiting for borrowers."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None


class Database:
    """One database, reached as its own role through few connections that open on first use; see `turns`."""

    def __init__(
        self, backends: Backends, settings: PostgresSettings, database: str, beside: "Database | None" = None
    ) -> None:
        """Name the database; its owner has the same name.

        With `beside`, its first connection is shared, and one more is for nobody but the borrowers of this.
        """
        extra = 1 if beside else settings.pool_connections_max - 1
        self._settings = settings
        self._turns: First = beside._turns if beside else First()  # noqa: SLF001
        self._first: _Pool = (
            beside._first if beside else _Pool(backends, settings, database, 1, settings.idle_seconds)  # noqa: SLF001
        )
        self._lane = Lane(self._turns, extra, settings)
        self._extra = _Pool(backends, settings, database, extra, settings.extra_idle_seconds)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """Borrow a connection (asyncpg's).

        Raises:
            OSError, TimeoutError, asyncpg.PostgresConnectionError: the server is away.
        """
        held = _HELD.get()
        if held is not None and held[0] is self:
            yield held[1]
            return
        place = await self._lane.take()
        try:
            async with (self._first if place is Place.FIRST else self._extra).connection() as connection:
                yield connection
        finally:
            self._lane.give(place)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """Make one transaction of all that the calling task does with this database inside, in whatever repository.

        So a change and what is said of it are kept together or not at all. It holds a connection: nothing that waits
        for a client belongs inside, nor tasks that would use the connection at the same time.
        """
        async with self.connection() as connection, connection.transaction():
            before = _HELD.set((self, connection))
            try:
                yield connection
            finally:
                _HELD.reset(before)

    async def ping(self) -> None:
        """Answer a trivial statement, or raise what `connection` raises."""
        async with self.connection() as connection:
            await connection.execute("SELECT 1", timeout=self._settings.connect_seconds)

    async def close(self) -> None:
        """Close all connections without waiting for borrowers."""
        self._first.close()
        self._extra.close()


class Databases:
    """Every database this process uses, each opened once."""

    def __init__(self, backends: Backends, settings: PostgresSettings) -> None:
        self._backends = backends
        self._settings = settings
        self._open: dict[str, Database] = {}
        self._commits: dict[str, Database] = {}

    def _database(self, name: str) -> Database:
        database = self._open.get(name)
        if database is None:
            database = self._open[name] = Database(self._backends, self._settings, name)
        return database

    def control(self) -> Database:
        """Give the control database: the directory of tenants."""
        return self._database(CONTROL_DATABASE)

    def tenant(self, tenant_id: TenantId) -> Database:
        """Give the tenant's own database, as the tenant's own role."""
        return self._database(tenant_database(tenant_id))

    def commits(self, tenant_id: TenantId) -> Database:
        """Give the tenant's own database once more, for commits: they wait for no other statement for long."""
        name = tenant_database(tenant_id)
        database = self._commits.get(name)
        if database is None:
            database = self._commits[name] = Database(self._backends, self._settings, name, self._database(name))
        return database

    @asynccontextmanager
    async def briefly(self, tenant_id: TenantId) -> AsyncIterator[Database]:
        """Give the tenant's own database for one look and close it: whoever looks at many tenants keeps none open."""
        database = Database(self._backends, self._settings, tenant_database(tenant_id))
        try:
            yield database
        finally:
            await database.close()

    async def close(self) -> None:
        """Close all of them."""
        for database in (*self._open.values(), *self._commits.values()):
            await database.close()
        self._open.clear()
        self._commits.clear()
