"""The archive of a tenant: a folder with a file for each table or part of one, and a manifest of rows and checksums.

A file is written under a passing name, a chunk at a time, and gets its own when it is whole and on disk; so what bears
its name is never half. Only its owner can read any of it: it holds all that the tenant had.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow.parquet
import zstandard

from storage.private_file import PrivateFile

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


class Archive:
    """The folder of one tenant's archive."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def add_lines(self, store: str, table: str, copy: Copy) -> ArchivedFile:
        """Write NDJSON, compressed."""
        name = f"{store}/{table}.ndjson.zst"
        writer = await asyncio.to_thread(PrivateFile, self.folder / name)
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
        writer = await asyncio.to_thread(PrivateFile, self.folder / name)
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
        writer = PrivateFile(self.folder / _MANIFEST)
        try:
            writer.write(text)
            writer.keep()
        finally:
            writer.discard()
