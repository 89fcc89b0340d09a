"""Files of imports on disk: whole or not at all, private, and swept away when nobody wants them."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.ids import TenantId
from storage.import_files import FileTooLargeError, ImportFiles, ReceivedFile

TENANT = TenantId("t123")
CONTENT = [b"a" * 700_000, b"b" * 700_000, b"c"]


class BrokenUploadError(Exception):
    """The sender went away."""


async def chunks(*, breaks: bool = False) -> AsyncIterator[bytes]:
    for chunk in CONTENT:
        yield chunk
    if breaks:
        raise BrokenUploadError


def receive(files: ImportFiles, *, bytes_max: int = 10**7, breaks: bool = False) -> ReceivedFile:
    return asyncio.run(files.receive(chunks(breaks=breaks), bytes_max=bytes_max))


def test_a_file_is_kept_whole_and_private(tmp_path: Path) -> None:
    """All its bytes under its import's name, with their hash, for its owner alone; removing it twice is fine."""
    files = ImportFiles(tmp_path, TENANT)
    received = receive(files)
    content = b"".join(CONTENT)
    assert (received.sha256, received.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    files.keep(received, "one")
    assert files.path("one").read_bytes() == content
    assert files.path("one").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / TENANT).stat().st_mode & 0o777 == 0o700
    files.remove("one")
    files.remove("one")
    assert list((tmp_path / TENANT).iterdir()) == []


def test_nothing_is_left_of_what_did_not_come_whole(tmp_path: Path) -> None:
    """FileTooLargeError past the limit, the sender's own error when it breaks off; no file in either case."""
    files = ImportFiles(tmp_path, TENANT)
    with pytest.raises(FileTooLargeError):
        receive(files, bytes_max=1_400_000)
    with pytest.raises(BrokenUploadError):
        receive(files, breaks=True)
    assert list((tmp_path / TENANT).iterdir()) == []
    assert receive(files, bytes_max=1_400_001).size_bytes == 1_400_001


def test_old_leftovers_are_swept(tmp_path: Path) -> None:
    """What is old and wanted stays, what is new stays, what is old and unwanted goes."""
    files = ImportFiles(tmp_path, TENANT)
    files.sweep((), older_than_seconds=0)
    for name in ("wanted", "new", "old"):
        files.keep(receive(files), name)
    for name in ("wanted", "old"):
        os.utime(files.path(name), (0, 0))
    files.sweep(["wanted"], older_than_seconds=3_600)
    assert {path.name for path in (tmp_path / TENANT).iterdir()} == {"wanted", "new"}
