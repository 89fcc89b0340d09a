"""Files of imports that wait or run: a folder for each tenant, which on a cluster every node must see.

A file is received under a passing name and gets its import's name when it is whole and on disk.
"""

import asyncio
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from schemas.ids import TenantId

_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600
_PIECE_BYTES = 1024 * 1024


class FileTooLargeError(Exception):
    """More bytes came than a file may have."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that is whole and on disk under a passing name."""

    path: Path
    sha256: str
    size_bytes: int


class ImportFiles:
    """The files of one tenant."""

    def __init__(self, folder: Path, tenant_id: TenantId) -> None:
        self._folder = folder / tenant_id

    def path(self, import_id: str) -> Path:
        """Say where an import's file lies."""
        return self._folder / import_id

    async def receive(self, chunks: AsyncIterator[bytes], *, bytes_max: int) -> ReceivedFile:
        """Write what comes to disk, a piece at a time, readable by its owner alone.

        Raises:
            FileTooLargeError: it has more than `bytes_max` bytes; nothing is left of it.
            OSError: the disk does not take it; nothing is left of it.
        """
        path = self._folder / f"{secrets.token_hex(16)}.partial"
        digest = hashlib.sha256()
        size = 0
        file = await asyncio.to_thread(_create, path)
        try:
            with file:
                async for piece in _pieces(chunks):
                    size += len(piece)
                    _assert_fits(size, bytes_max)
                    await asyncio.to_thread(_write, file, digest, piece)
                await asyncio.to_thread(_settle, file)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return ReceivedFile(path, digest.hexdigest(), size)

    def keep(self, received: ReceivedFile, import_id: str) -> None:
        """Give a received file its import's name."""
        received.path.replace(self.path(import_id))

    def remove(self, import_id: str) -> None:
        """Delete an import's file, if it is there."""
        self.path(import_id).unlink(missing_ok=True)

    def sweep(self, wanted: Collection[str], *, older_than_seconds: float) -> None:
        """Delete what broken uploads and killed runs left: files of no wanted import, untouched for some time."""
        if not self._folder.exists():
            return
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                if path.name not in wanted and time.time() - path.stat().st_mtime > older_than_seconds:
                    path.unlink()


async def _pieces(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Gather a stream's small chunks: each trip to a thread costs more than such a chunk's writing."""
    gathered = bytearray()
    async for chunk in chunks:
        gathered += chunk
        if len(gathered) >= _PIECE_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


def _assert_fits(size: int, bytes_max: int) -> None:
    if size > bytes_max:
        raise FileTooLargeError


def _create(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE), "wb")


def _write(file: BinaryIO, digest: "hashlib._Hash", piece: bytes) -> None:
    digest.update(piece)
    file.write(piece)


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
