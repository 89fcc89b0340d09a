"""A request of ClickHouse's HTTP interface: URL parameters, headers, and a body that may be large and compressed.

The body is kept as it came: in memory up to a bound, past it in an unlinked file. It is decompressed piece by piece
while the engine takes it, so that neither a large body nor a compression bomb is ever whole in memory. The engine is
called when the body is complete: an upload that breaks off inserts nothing.
"""

import uuid
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final, Protocol
from urllib.parse import parse_qsl

import lz4.frame  # type: ignore[import-untyped]
import zstandard

from local.clickhouse_engine import Context
from local.clickhouse_errors import ClickHouseError
from local.clickhouse_form import ExternalTable, Form
from local.clickhouse_sessions import SessionChoice

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_MEMORY_BYTES: Final = 8 * 1024**2
"""A body up to this size stays in memory: our own inserts are smaller."""
_PIECE_BYTES: Final = 4 * 1024**2
_SLICE_BYTES: Final = 4 * 1024
"""Compressed bytes expanded in one step: what a bomb can make of them is what it can take of the memory."""
_SESSION_SECONDS: Final = 60
_SESSION_SECONDS_MAX: Final = 3_600

_OWN_PARAMETERS: Final = frozenset(
    {
        "buffer_size",
        "client_protocol_version",
        "compress",
        "database",
        "decompress",
        "default_format",
        "password",
        "query",
        "query_id",
        "quota_key",
        "role",
        "session_check",
        "session_id",
        "session_timeout",
        "stacktrace",
        "user",
        "wait_end_of_query",
    }
)
"""Parameters of the interface itself; every other one is a setting of the query."""


class ClientGoneError(Exception):
    """The client hung up before its body was complete."""


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...
    def decompress(self, data: bytes, /) -> bytes: ...


_DECODERS: Final[dict[str, Callable[[], _Decoder]]] = {
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "deflate": zlib.decompressobj,
    "zstd": lambda: zstandard.ZstdDecompressor().decompressobj(),
    "lz4": lz4.frame.LZ4FrameDecompressor,
}


class Body:
    """The bytes of a request as they came, and their content decoded."""

    def __init__(self, spool_dir: Path, content_encoding: str) -> None:
        encoding = content_encoding.strip().lower()
        if encoding not in {"", "identity", *_DECODERS}:
            known = ", ".join(_DECODERS)
            raise ClickHouseError(89, "UNKNOWN_COMPRESSION_METHOD", f"Unknown content encoding {encoding}; use {known}")
        self._spool_dir = spool_dir
        self._encoding = encoding
        self._chunks: list[bytes] = []
        self._size_bytes = 0
        self._file: IO[bytes] | None = None

    def write(self, chunk: bytes) -> None:
        """Add what arrived."""
        self._size_bytes += len(chunk)
        if self._file is None and self._size_bytes > _MEMORY_BYTES:
            self._file = TemporaryFile(dir=self._spool_dir)  # noqa: SIM115 - it lives as long as the request
            self._file.writelines(self._chunks)
            self._chunks.clear()
        if self._file is None:
            self._chunks.append(chunk)
        else:
            self._file.write(chunk)

    def pieces(self) -> Iterator[bytes]:
        """The decoded content, in pieces of a few megabytes."""
        raw = self._raw_pieces()
        if self._encoding in {"", "identity"}:
            return raw
        return _joined(_decoded(raw, _DECODERS[self._encoding]))

    def _raw_pieces(self) -> Iterator[bytes]:
        if self._file is None:
            if self._chunks:
                yield b"".join(self._chunks)
            return
        self._file.seek(0)
        while piece := self._file.read(_PIECE_BYTES):
            yield piece

    def close(self) -> None:
        """Give back memory and file."""
        self._chunks.clear()
        if self._file is not None:
            self._file.close()


def _decoded(pieces: Iterator[bytes], new_decoder: Callable[[], _Decoder]) -> Iterator[bytes]:
    decoder = new_decoder()
    is_between_frames = True
    for piece in pieces:
        for start in range(0, len(piece), _SLICE_BYTES):
            pending = piece[start : start + _SLICE_BYTES]
            while pending:
                if decoder.eof:
                    decoder = new_decoder()
                try:
                    yield decoder.decompress(pending)
                except (zlib.error, zstandard.ZstdError, RuntimeError, EOFError) as error:
                    raise ClickHouseError(354, "ZLIB_INFLATE_FAILED", f"Cannot decompress the body: {error}") from error
                is_between_frames = decoder.eof
                pending = (decoder.unused_data or b"") if decoder.eof else b""
    if not is_between_frames:
        raise ClickHouseError(33, "CANNOT_READ_ALL_DATA", "Cannot read all data: the compressed body ends too early")


def _joined(parts: Iterator[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= _PIECE_BYTES:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    if waiting:
        yield b"".join(waiting)


async def receive_body(receive: Receive, body: Body) -> None:
    """Take the whole body off the connection.

    Raises:
        ClientGoneError: The client hung up before the end.
    """
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        if chunk := message.get("body"):
            body.write(chunk)
        if not message.get("more_body"):
            return


@dataclass(frozen=True, slots=True)
class Request:
    """What a request says besides the data in its body."""

    query: bytes
    context: Context
    session: SessionChoice
    tables: tuple[ExternalTable, ...]
    accept_encodings: tuple[str, ...]
    """Encodings the client takes for the answer, if it asked for compression at all."""
    waits_for_end: bool

    @property
    def query_id(self) -> str:
        """The client's id of this query, or ours."""
        return self.context.query_id


def read_request(method: str, query_string: bytes, headers: Mapping[str, str], form: Form) -> Request:
    """Read the URL, the headers (their names in small letters), and the form if there is one.

    Raises:
        ClickHouseError: A parameter asks for something that this server does not do, or makes no sense.
    """
    parameters = dict(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)) | dict(form.fields)
    tables = form.tables(parameters)
    for name in ("compress", "decompress"):
        if _is_true(parameters.get(name, "0")):
            raise ClickHouseError(
                48,
                "NOT_IMPLEMENTED",
                f"{name}=1 (ClickHouse's own block framing) is not supported by the embedded server; "
                "use Content-Encoding, or enable_http_compression=1 with Accept-Encoding",
            )
    settings = {
        name: value
        for name, value in parameters.items()
        if name not in _OWN_PARAMETERS and not name.startswith("param_")
    }
    context = Context(
        query_id=parameters.get("query_id") or str(uuid.uuid4()),
        database=parameters.get("database") or headers.get("x-clickhouse-database") or None,
        settings=settings,
        params={name[len("param_") :]: value for name, value in parameters.items() if name.startswith("param_")},
        default_format=parameters.get("default_format") or headers.get("x-clickhouse-format") or "TabSeparated",
        is_readonly=method != "POST",
    )
    takes_compressed = _is_true(settings.get("enable_http_compression", "0"))
    return Request(
        query=parameters.get("query", "").encode(),
        context=context,
        session=_session_choice(parameters),
        tables=tables,
        accept_encodings=_encodings(headers.get("accept-encoding", "")) if takes_compressed else (),
        waits_for_end=_is_true(parameters.get("wait_end_of_query", "0")),
    )


def _is_true(value: str) -> bool:
    return value.strip().lower() in {"1", "true", "yes", "on"}


def _encodings(header: str) -> tuple[str, ...]:
    return tuple(name.split(";", 1)[0].strip().lower() for name in header.split(","))


def _session_choice(parameters: Mapping[str, str]) -> SessionChoice:
    timeout = parameters.get("session_timeout", str(_SESSION_SECONDS))
    if not timeout.isdecimal() or int(timeout) > _SESSION_SECONDS_MAX:
        raise ClickHouseError(374, "INVALID_SESSION_TIMEOUT", f"Invalid session timeout: {timeout!r}")
    return SessionChoice(
        id=parameters.get("session_id") or None,
        timeout_seconds=int(timeout),
        must_exist=_is_true(parameters.get("session_check", "0")),
    )
