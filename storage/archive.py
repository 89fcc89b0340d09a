"""The archive of a tenant: a folder with a file for each table or part of one, and a manifest of rows and checksums.

A file is written under a passing name, a chunk at a time, and gets its own when it is whole and on disk; so what bears
its name is never half. Only its owner can read any of it: it holds all that the tenant had.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow.parquet
import zstandard

_FILE_MODE = 0o600
_FOLDER_MODE = 0o700
_MANIFEST = "manifest.json"

Take = Callable[[bytes], None]
Copy = Callable[[Take], Awaitable[None]]
"""Gives chunks of whole or broken lines to what it is called with."""


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A file of the archive: `rows` of a table, whole or one partition of it."""

    store: str
    table: str
    file: str
    rows: int
    size_bytes: int
    sha256: str


class _Writer:
    """Writes a file a chunk at a time, and counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        self._file = os.fdopen(os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE), "wb")
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._digest.update(chunk)
        self.size_bytes += len(chunk)

    def keep(self) -> str:
        """Have the file on disk under its name; give its SHA-256."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._partial.replace(self._path)
        return self._digest.hexdigest()

    def discard(self) -> None:
        """Leave nothing of a file that was not kept."""
        self._file.close()
        self._partial.unlink(missing_ok=True)


class Archive:
    """The folder of one tenant's archive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def add_lines(self, store: str, table: str, copy: Copy) -> ArchivedFile:
        """Write NDJSON, compressed."""
        name = f"{store}/{table}.ndjson.zst"
        writer = await asyncio.to_thread(_Writer, self.folder / name)
        compressor = zstandard.ZstdCompressor(level=3, write_checksum=True).compressobj()
        rows = 0

        def take(chunk: bytes) -> None:
            nonlocal rows
            rows += chunk.count(b"\n")
            writer.write(compressor.compress(chunk))

        try:
            await copy(take)
            writer.write(compressor.flush())
            sha256 = await asyncio.to_thread(writer.keep)
        finally:
            writer.discard()
        return ArchivedFile(store, table, name, rows, writer.size_bytes, sha256)

    async def add_parquet(self, store: str, table: str, part: str, chunks: AsyncIterator[bytes]) -> ArchivedFile:
        """Write a Parquet file as it comes; its own footer says how many rows it has."""
        name = f"{store}/{table}/{part}.parquet"
        writer = await asyncio.to_thread(_Writer, self.folder / name)
        try:
            async for chunk in chunks:
                await asyncio.to_thread(writer.write, chunk)
            sha256 = await asyncio.to_thread(writer.keep)
        finally:
            writer.discard()
        metadata = await asyncio.to_thread(pyarrow.parquet.read_metadata, self.folder / name)
        return ArchivedFile(store, table, name, metadata.num_rows, writer.size_bytes, sha256)

    async def write_manifest(self, document: dict[str, object]) -> None:
        """Write the manifest, which says that the archive is whole."""
        await asyncio.to_thread(self._write_manifest, orjson.dumps(document, option=orjson.OPT_INDENT_2))

    def _write_manifest(self, text: bytes) -> None:
        writer = _Writer(self.folder / _MANIFEST)
        try:
            writer.write(text)
            writer.keep()
        finally:
            writer.discard()
