"""One client of the event store for a process, made on first use and made anew after the store was away."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

from clickhouse_connect.driver import create_async_client
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.report_problems import QuestionTooLarge
from schemas.settings import ClickHouseSettings
from storage.names import clickhouse_user

# 26, 27, 53, 117 ...: the row is at fault. All else (network, timeouts, too many parts, memory) passes.
_DATA_ERRORS = frozenset({6, 26, 27, 33, 38, 41, 53, 69, 72, 117, 131, 349, 441})

# The store's own limits of time and memory: later, with less beside it, the same question may be answered.
_TOO_SLOW = frozenset({159, 160, 241, 306})

# More rows to read, or to answer, than the question's own limits allow: it fails the same way each time.
_TOO_LARGE = frozenset({158, 396})


class StoreAwayError(Exception):
    """The event store did not answer, or refused for a reason that passes: the same call may succeed later."""


class QueryTooLargeError(StoreAwayError):
    """The statement would take more time or memory than one may; when the store is less busy it may not."""


class RowsRefusedError(Exception):
    """The event store cannot take one or more of the rows; sending them again changes nothing."""


def query_limits(settings: ClickHouseSettings, seconds: float) -> dict[str, Any]:
    """Bound what one tenant's question may take from the others: threads, time, memory, rows read and answered."""
    return {
        "max_threads": settings.query_threads,
        "max_execution_time": seconds,
        "max_memory_usage": settings.query_memory_bytes,
        "max_rows_to_read": settings.query_read_rows_max,
        "max_result_rows": settings.query_result_rows_max,
    }


class ClickHouse:
    """The event store over HTTP, by the official client."""

    def __init__(self, backends: Backends, settings: ClickHouseSettings) -> None:
        self._backends = backends
        self.settings = settings
        self._client: AsyncClient | None = None
        self._opening = asyncio.Lock()

    def of(self, tenant_id: TenantId) -> "ClickHouse":
        """Give the store as the tenant's own user, over the same connections; on a server without users, as it is."""
        if not self._backends.clickhouse_has_users:
            return self
        return _TenantStore(self, tenant_id)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[AsyncClient]:
        """Borrow the client.

        Raises:
            RowsRefusedError: the statement's data is at fault.
            QueryTooLargeError: it would take more time or memory than one may.
            QuestionTooLarge: it would read, or answer, more rows than a question may.
            StoreAwayError: anything else went wrong.
        """
        try:
            yield self._client or await self._open()
        except DatabaseError as error:
            if error.code in _DATA_ERRORS:
                raise RowsRefusedError(str(error)) from error
            if error.code in _TOO_LARGE:
                raise QuestionTooLarge from error
            if error.code in _TOO_SLOW:
                raise QueryTooLargeError(str(error)) from error
            raise StoreAwayError(str(error)) from error
        except (ClickHouseError, OSError, TimeoutError) as error:
            raise StoreAwayError(str(error)) from error

    async def _open(self) -> AsyncClient:
        async with self._opening:
            if self._client is None:
                url = self._backends.clickhouse_url
                self._client = await create_async_client(
                    dsn=url,
                    # The client looks for TLS at the port and not at the scheme.
                    interface="https" if urlsplit(url).scheme == "https" else "http",
                    send_receive_timeout=self.settings.insert_seconds,
                    connect_timeout=3,
                    query_retries=0,
                    settings={"async_insert": 0},
                )
            return self._client

    async def ping(self) -> None:
        """Run a trivial query.

        Raises:
            StoreAwayError: the store did not answer.
        """
        async with self.client() as client, asyncio.timeout(3):
            await client.command("SELECT 1")

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None


class _TenantStore(ClickHouse):
    """The store as one tenant's user: the server refuses it every other tenant's tables."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        super().__init__(store._backends, store.settings)  # noqa: SLF001 - the same class
        user = clickhouse_user(tenant_id)
        credentials = f"{user}:{self._backends.role_password(user)}".encode()
        self._headers = {"Authorization": f"Basic {b64encode(credentials).decode()}"}
        self._store = store

    @asynccontextmanager
    async def client(self) -> AsyncIterator[AsyncClient]:
        """Borrow the platform's client, each of whose statements bears the tenant's credentials instead of its own."""
        async with self._store.client() as client:
            yield cast("AsyncClient", _WithHeaders(client, self._headers))

    async def close(self) -> None:
        """The connections are the platform's."""


class _WithHeaders:
    """A client whose every call sends these headers."""

    def __init__(self, client: AsyncClient, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers

    def __getattr__(self, name: str) -> Any:
        return partial(getattr(self._client, name), transport_settings=self._headers)
