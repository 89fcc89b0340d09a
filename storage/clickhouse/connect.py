"""One client of the event store for a process, made on first use and made anew after the store was away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from clickhouse_connect.driver import create_async_client
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from schemas.backends import Backends
from schemas.settings import ClickHouseSettings

# 26, 27, 53, 117 ...: the row is at fault. All else (network, timeouts, too many parts, memory) passes.
_DATA_ERRORS = frozenset({6, 26, 27, 33, 38, 41, 53, 69, 72, 117, 131, 349, 441})

_TOO_LARGE = frozenset({159, 160, 241, 306, 396})
"""The store's own limits: time, memory, size of the answer."""


class StoreAwayError(Exception):
    """The event store did not answer, or refused for a reason that passes: the same call may succeed later."""


class QueryTooLargeError(StoreAwayError):
    """The statement would take more time or memory than one may; when the store is less busy it may not."""


class RowsRefusedError(Exception):
    """The event store cannot take one or more of the rows; sending them again changes nothing."""


class ClickHouse:
    """The event store over HTTP, by the official client."""

    def __init__(self, backends: Backends, settings: ClickHouseSettings) -> None:
        self._url = backends.clickhouse_url
        self.settings = settings
        self._client: AsyncClient | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[AsyncClient]:
        """Borrow the client.

        Raises:
            RowsRefusedError: the statement's data is at fault.
            QueryTooLargeError: it would take more time or memory than one may.
            StoreAwayError: anything else went wrong.
        """
        try:
            yield self._client or await self._open()
        except DatabaseError as error:
            if error.code in _DATA_ERRORS:
                raise RowsRefusedError(str(error)) from error
            if error.code in _TOO_LARGE:
                raise QueryTooLargeError(str(error)) from error
            raise StoreAwayError(str(error)) from error
        except (ClickHouseError, OSError, TimeoutError) as error:
            raise StoreAwayError(str(error)) from error

    async def _open(self) -> AsyncClient:
        async with self._opening:
            if self._client is None:
                self._client = await create_async_client(
                    dsn=self._url,
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
