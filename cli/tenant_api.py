"""A client of one tenant's HTTP API, as the commands use it: the same door that every customer has."""

import asyncio
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

import httpx
import orjson
import zstandard

from cli.credentials import Credentials

_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_WAIT_SECONDS_MAX = 15.0
_PIECE_BYTES = 256 * 1024


class ApiError(Exception):
    """The API refused; the message is the problem's detail and remedy."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        try:
            self.document: dict[str, Any] = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            self.document = {"detail": response.text or response.reason_phrase}
        remedy = self.document.get("remedy", "")
        faults = "".join(f" {fault['pointer']}: {fault['detail']}." for fault in self.document.get("errors", ()))
        super().__init__(f"{self.status}: {self.document.get('detail', 'no detail')}{faults} {remedy}".strip())


class UnreachableError(Exception):
    """The API did not answer, however often it was asked."""


class TenantApi:
    """Calls for one tenant."""

    def __init__(self, base_url: str, credentials: Credentials, *, patience_seconds: float = 120.0) -> None:
        self._credentials = credentials
        self._patience_seconds = patience_seconds
        self._token = ""
        self._client = httpx.AsyncClient(
            base_url=base_url, headers={"X-Tenant-ID": credentials.tenant_id}, timeout=60.0, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()

    async def send(self, rows: bytes) -> dict[str, Any]:
        """Send NDJSON rows; return the answer, also when every row of it was rejected.

        Raises:
            ApiError: the request as a whole was refused.
            UnreachableError: there was no answer within the patience.
        """
        response = await self._patiently(
            "POST",
            "/api/v1/events/ingest",
            content=zstandard.compress(rows, level=1),
            headers={
                "Content-Type": "application/x-ndjson",
                "Content-Encoding": "zstd",
                "X-Write-Key": self._credentials.write_key,
            },
        )
        document: dict[str, Any] = orjson.loads(response.content)
        if response.is_success or "rejected" in document:
            return document
        raise ApiError(response)

    async def get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        """Read as the tenant's user.

        Raises:
            ApiError, UnreachableError: see `send`.
        """
        return await self._document("GET", path, params=parameters)

    async def post(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        """Make something as the tenant's user.

        Raises:
            ApiError, UnreachableError: see `send`.
        """
        return await self._document("POST", path, json=document)

    async def put(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        """Replace something as the tenant's user.

        Raises:
            ApiError, UnreachableError: see `send`.
        """
        return await self._document("PUT", path, json=document)

    async def delete(self, path: str) -> dict[str, Any]:
        """Take something back as the tenant's user.

        Raises:
            ApiError, UnreachableError: see `send`.
        """
        return await self._document("DELETE", path)

    async def call(self, method: str, path: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call as the tenant's user, with a document if there is one; an answer without a body is an empty one.

        Raises:
            ApiError, UnreachableError: see `send`.
        """
        return await self._document(method, path, **({} if document is None else {"json": document}))

    async def send_file(
        self, path: str, file: Path, parameters: dict[str, str], at_byte: Callable[[int], None]
    ) -> dict[str, Any]:
        """Send a file as a body, as the tenant's user; `at_byte` is told how far it came, from 0 at each try.

        Raises:
            ApiError, UnreachableError: see `send`.
        """
        return await self._document("POST", path, params=parameters, body=lambda: _pieces(file, at_byte))

    async def pages(self, path: str, **parameters: str | int) -> AsyncIterator[dict[str, Any]]:
        """Read every item of a list, page by page."""
        while True:
            page = await self.get(path, **parameters)
            for item in page["data"]:
                yield item
            if page["next_cursor"] is None:
                return
            parameters["cursor"] = page["next_cursor"]

    async def follow(self, path: str) -> AsyncIterator[dict[str, Any]]:
        """Follow server-sent events for ever, going on where a connection broke.

        Raises:
            ApiError: the call was refused.
        """
        last_id = ""
        while True:
            headers = await self._authorization() | ({"Last-Event-ID": last_id} if last_id else {})
            try:
                async with self._client.stream("GET", path, headers=headers) as response:
                    if not response.is_success:
                        await response.aread()
                        raise ApiError(response)
                    async for line in response.aiter_lines():
                        name, _, value = line.partition(": ")
                        if name == "id":
                            last_id = value
                        elif name == "data":
                            yield orjson.loads(value)
            except httpx.TransportError:
                await asyncio.sleep(1)
            self._token = ""

    async def _document(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        response = await self._patiently(method, path, headers=await self._authorization(), **arguments)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            # The token was good once, and has expired.
            self._token = ""
            response = await self._patiently(method, path, headers=await self._authorization(), **arguments)
        if not response.is_success:
            raise ApiError(response)
        document: dict[str, Any] = orjson.loads(response.content or b"{}")
        return document

    async def _authorization(self) -> dict[str, str]:
        if not self._token:
            credentials = {"email": self._credentials.email, "password": self._credentials.password}
            response = await self._patiently("POST", "/api/v1/auth", json=credentials)
            if not response.is_success:
                raise ApiError(response)
            self._token = orjson.loads(response.content)["access_token"]
        return {"Authorization": f"Bearer {self._token}"}

    async def _patiently(
        self, method: str, path: str, *, body: Callable[[], AsyncIterator[bytes]] | None = None, **arguments: Any
    ) -> httpx.Response:
        """Call until there is a final answer: a retry is harmless, event ids see to that.

        What `body` gives is streamed, from the start at each try.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience_seconds
        wait_seconds = 0.25
        while True:
            try:
                content: dict[str, Any] = {"content": body()} if body else {}
                response = await self._client.request(method, path, **content, **arguments)
            except httpx.TransportError as error:
                failure: Exception = UnreachableError(f"{self._client.base_url} does not answer ({error!r}).")
                failure.__cause__ = error
            else:
                if response.status_code not in _RETRIED:
                    return response
                failure = ApiError(response)
                wait_seconds = max(wait_seconds, float(response.headers.get("Retry-After", 0)))
            if loop.time() + wait_seconds > deadline:
                raise failure
            await asyncio.sleep(wait_seconds)
            wait_seconds = min(_WAIT_SECONDS_MAX, wait_seconds * 2)


async def _pieces(file: Path, at_byte: Callable[[int], None]) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE_BYTES):
            at_byte(opened.tell() - len(piece))
            yield piece
        at_byte(opened.tell())
