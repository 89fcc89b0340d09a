"""Answers of ClickHouse's HTTP interface: headers, compression, and errors before and after the first byte.

An answer is held back until it is complete or a megabyte long. Up to there an error still becomes a status and a plain
text; later it can only be appended, between markers that carry the tag from `X-ClickHouse-Exception-Tag`, and the
transfer is then left unfinished, so that a client that ignores the tag notices as well.
"""

import asyncio
import json
import os
import secrets
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from typing import Any, Final, Protocol

import lz4.frame  # type: ignore[import-untyped]
import zstandard

from local.clickhouse_engine import Figures
from local.clickhouse_errors import ClickHouseError

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HELD_BYTES: Final = 1024**2
_PIPE_BYTES: Final = 1024**2
_INLINE_COMPRESSION_BYTES: Final = 64 * 1024
_ZLIB_LEVEL: Final = 3
_ZSTD_LEVEL: Final = 1
_STATUS_OK: Final = 200


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class _Lz4Compressor:
    def __init__(self) -> None:
        self._frame = lz4.frame.LZ4FrameCompressor()
        self._opening: bytes = self._frame.begin()

    def compress(self, data: bytes) -> bytes:
        opening, self._opening = self._opening, b""
        return opening + bytes(self._frame.compress(data))

    def flush(self) -> bytes:
        return self._opening + bytes(self._frame.flush())


_COMPRESSORS: Final[dict[str, Callable[[], _Compressor]]] = {
    "zstd": lambda: zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj(),
    "lz4": _Lz4Compressor,
    "gzip": lambda: zlib.compressobj(_ZLIB_LEVEL, wbits=31),
    "deflate": lambda: zlib.compressobj(_ZLIB_LEVEL),
}
"""In the order of our preference: the fastest for its size first."""


class Pipe:
    """A pipe from the engine (blocking end) to the event loop (the other)."""

    def __init__(self) -> None:
        self._reader, self.writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._reader, False)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """What the engine writes, until every writing end is closed."""
        while True:
            try:
                chunk = os.read(self._reader, _PIPE_BYTES)
            except BlockingIOError:
                await self._readable()
                continue
            if not chunk:
                return
            yield chunk

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._reader, _resolve, ready)
        try:
            await ready
        finally:
            loop.remove_reader(self._reader)

    def close_writer(self) -> None:
        """End the stream; called by the thread that ran the query."""
        os.close(self.writer)

    def close_reader(self) -> None:
        """Take no more; the engine's next write fails."""
        os.close(self._reader)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class Answer:
    """One answer, from its headers to its last byte."""

    def __init__(self, send: Send, headers: dict[str, str], accept_encodings: tuple[str, ...]) -> None:
        self._send = send
        self._headers = headers
        self._encoding = next((name for name in _COMPRESSORS if name in accept_encodings), None)
        self._compressor: _Compressor | None = None
        self._tag = secrets.token_hex(8)

    async def whole(self, body: bytes, figures: Figures, *, content_type: str, format_: str | None) -> None:
        """Send a complete answer."""
        self._describe(content_type, format_)
        self._headers["X-ClickHouse-Summary"] = _summary(figures)
        if body:
            body = await self._compressed(body, is_last=True)
        self._headers["Content-Length"] = str(len(body))
        await self._start(_STATUS_OK)
        await self._send({"type": "http.response.body", "body": body})

    async def start_stream(self, *, content_type: str, format_: str) -> None:
        """Send the headers of an answer whose length and figures are not known yet."""
        self._describe(content_type, format_)
        await self._start(_STATUS_OK)

    async def stream(self, chunk: bytes) -> None:
        """Send a part of the body."""
        if piece := await self._compressed(chunk, is_last=False):
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end_stream(self) -> None:
        """Send the last byte."""
        await self._send({"type": "http.response.body", "body": await self._compressed(b"", is_last=True)})

    async def break_stream(self, error: ClickHouseError, version: str) -> None:
        """Append an error and leave the transfer unfinished."""
        text = error.text(version).encode()
        tag = self._tag.encode()
        marked = b"\r\n__exception__\r\n%s\r\n%s%d %s\r\n__exception__\r\n" % (tag, text, len(text), tag)
        body = await self._compressed(marked, is_last=True)
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def error(self, error: ClickHouseError, version: str) -> None:
        """Send an error instead of an answer."""
        body = error.text(version).encode()
        self._headers["X-ClickHouse-Exception-Code"] = str(error.code)
        self._headers["Content-Type"] = "text/plain; charset=UTF-8"
        self._headers["Content-Length"] = str(len(body))
        await self._start(error.status)
        await self._send({"type": "http.response.body", "body": body})

    def _describe(self, content_type: str, format_: str | None) -> None:
        self._headers["Content-Type"] = content_type
        self._headers["X-ClickHouse-Exception-Tag"] = self._tag
        if format_ is not None:
            self._headers["X-ClickHouse-Format"] = format_
        if self._encoding is not None:
            self._headers["Content-Encoding"] = self._encoding
            self._compressor = _COMPRESSORS[self._encoding]()

    async def _start(self, status: int) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self._headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _compressed(self, data: bytes, *, is_last: bool) -> bytes:
        compressor = self._compressor
        if compressor is None:
            return data
        if len(data) <= _INLINE_COMPRESSION_BYTES:
            piece = compressor.compress(data)
        else:
            piece = await asyncio.to_thread(compressor.compress, data)
        return piece + compressor.flush() if is_last else piece


def _summary(figures: Figures) -> str:
    counts = {
        "read_rows": figures.read_rows,
        "read_bytes": figures.read_bytes,
        "written_rows": figures.written_rows,
        "written_bytes": figures.written_bytes,
        "total_rows_to_read": "0",
        "result_rows": figures.result_rows or figures.written_rows,
        "result_bytes": figures.written_bytes,
        "elapsed_ns": int(figures.elapsed_seconds * 1_000_000_000),
    }
    return json.dumps({name: str(count) for name, count in counts.items()}, separators=(",", ":"))
