"""Calls of the API as documents, for tests of what is in them; the typed client's connection makes them."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import zstandard

from cli.credentials import Credentials
from cli.upload import file_pieces
from unmogrow.client import Key, Login, ProblemError
from unmogrow.client.caller import Caller
from unmogrow.client.ingest import NDJSON_ZSTD
from unmogrow.client.tail import follow
from unmogrow.client.transport import Call, Content, Transport

_JSON = {"Content-Type": "application/json"}


class TenantApi(Caller):
    """Calls for one tenant, as its owner; nothing here minds being carried out twice."""

    def __init__(self, base_url: str, credentials: Credentials, *, patience_seconds: float = 120.0) -> None:
        transport = Transport(base_url, {"X-Tenant-ID": credentials.tenant_id}, patience_seconds=patience_seconds)
        self._login = Login(credentials.email, credentials.password or "")
        self._write_key = Key(credentials.write_key)
        super().__init__(transport, self._login)

    async def send(self, rows: bytes) -> dict[str, Any]:
        """Send NDJSON rows; return the answer, also when every row of it was rejected."""
        content = zstandard.compress(rows, level=1)
        call = Call("POST", "/api/v1/events/ingest", headers=NDJSON_ZSTD, content=content, is_repeatable=True)
        try:
            answer: dict[str, Any] = orjson.loads((await self._transport.send(call, self._write_key)).content)
        except ProblemError as problem:
            if "rejected" in problem.document:
                return problem.document
            raise
        return answer

    async def get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        """Read."""
        return await self._document(Call("GET", path, parameters))

    async def post(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        """Make something."""
        return await self._document(Call("POST", path, {}, _JSON, orjson.dumps(document), is_repeatable=True))

    async def put(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        """Replace something."""
        return await self._document(Call("PUT", path, {}, _JSON, orjson.dumps(document)))

    async def delete(self, path: str) -> dict[str, Any]:
        """Take something back."""
        return await self._document(Call("DELETE", path))

    async def send_file(
        self, path: str, file: Path, parameters: dict[str, str], at_byte: Callable[[int], None]
    ) -> dict[str, Any]:
        """Send a file as a body."""
        content: Content = file_pieces(file, at_byte)
        return await self._document(Call("POST", path, parameters, {}, content, is_repeatable=True))

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
        """Follow server-sent events."""
        async for data in follow(self._transport, self._login, path):
            yield orjson.loads(data)

    async def upload(self, path: str, content: bytes, **parameters: str) -> dict[str, Any]:
        """Send bytes as a body."""
        return await self._document(Call("POST", path, parameters, {}, content, is_repeatable=True))

    async def authorization(self) -> dict[str, str]:
        """Give the headers of whoever calls, for calls that are made bare."""
        return await self._login.headers(self._transport)

    async def answer(self, call: Call) -> httpx.Response:
        """Make a call, and give its answer as it came."""
        return await self._transport.send(call, self._auth)

    async def _document(self, call: Call) -> dict[str, Any]:
        document: dict[str, Any] = orjson.loads((await self._transport.send(call, self._auth)).content or b"null")
        return document
