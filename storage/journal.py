"""A journal on this machine's disk, for what must be kept while no database answers.

A process appends records to a file of its own and syncs it. A file is sealed when it is large enough or when somebody
is there to take it; what was taken from a sealed file is discarded with it. So the disk alone says what is left to
do, and taking over from a process that died is nothing special: its files change their owner.

    <owner>.alive           locked (flock) by the owner: the kernel lets go of it when the process ends, however it ends
    <owner>.<number>        its files, in the order of their numbers

A line is a checksum, a space, and a record, which holds no newline. What a power cut has torn fails its checksum.
"""

import fcntl
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xxhash import xxh3_64_hexdigest

_PRIVATE_MODE = 0o600
_ANY_FILE = f"{'[0-9a-f]' * 32}.*"


class JournalFullError(Exception):
    """The journal holds as much as it may: nothing was appended."""


@dataclass(frozen=True, slots=True)
class Segment:
    """The whole records of a sealed file, and how many of its lines are torn."""

    records: list[bytes]
    torn: int


class Journal:
    """The journal of one process. Its methods block; one call at a time."""

    def __init__(self, folder: Path, *, bytes_max: int, segment_bytes_max: int) -> None:
        self._folder = folder
        self._bytes_max = bytes_max
        self._segment_bytes_max = segment_bytes_max
        self._owner = uuid.uuid4().hex
        self._number = 0
        self._descriptor = -1
        self._segment_bytes = 0
        self._bytes = 0
        self._life = -1

    def append(self, records: Sequence[bytes]) -> None:
        """Write records and sync them: they survive the process and a power cut, as long as the disk does.

        Raises:
            JournalFullError: there is no room for them; nothing was written.
            OSError: the disk refused; they may or may not be there.
        """
        lines = _lines(records)
        if self._bytes + len(lines) > self._bytes_max:
            raise JournalFullError
        self._write(lines)

    def seal(self) -> None:
        """End the file that is written to, if there is one; the next append begins another."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
        self._segment_bytes = 0

    def sealed(self) -> list[Path]:
        """List the sealed files, oldest first."""
        last = self._number - (self._descriptor >= 0)
        files = self._files(self._owner)
        return [file for file in files if _number(file) <= last]

    def discard(self, file: Path) -> None:
        """Delete a file whose records are all taken."""
        self._bytes -= file.stat().st_size
        file.unlink()

    def keep(self, file: Path, records: Sequence[bytes]) -> None:
        """Replace a sealed file by a new one with those of its records that are not taken yet."""
        self.seal()
        self._write(_lines(records))
        self.seal()
        self.discard(file)

    def adopt(self) -> int:
        """Take over the files of owners that live no more; give their number."""
        self._live()
        adopted = 0
        with self._alone():
            owners = {file.name.partition(".")[0] for file in self._folder.glob(_ANY_FILE)} - {self._owner}
            for owner in filter(self._is_dead, owners):
                self.seal()
                for file in self._files(owner):
                    self._number += 1
                    self._bytes += file.stat().st_size
                    file.rename(self._path(self._number))
                    adopted += 1
                self._alive(owner).unlink()
        return adopted

    def close(self) -> None:
        """End; what was not taken is for others to adopt."""
        self.seal()
        if self._life >= 0:
            os.close(self._life)
        self._life = -1

    def _live(self) -> None:
        if self._life < 0:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._alone():
                self._life = _open(self._alive(self._owner))
                fcntl.flock(self._life, fcntl.LOCK_EX)

    def _begin(self) -> None:
        self._live()
        self._number += 1
        self._descriptor = _open(self._path(self._number), os.O_APPEND | os.O_EXCL)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _write(self, lines: bytes) -> None:
        if self._descriptor < 0:
            self._begin()
        left = memoryview(lines)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
            os.fdatasync(self._descriptor)
        except OSError:
            # What comes next must not stand on the line that was broken off.
            self.seal()
            raise
        finally:
            self._bytes += len(lines) - len(left)
        self._segment_bytes += len(lines)
        if self._segment_bytes >= self._segment_bytes_max:
            self.seal()

    def _is_dead(self, owner: str) -> bool:
        descriptor = _open(self._alive(owner))
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def _alive(self, owner: str) -> Path:
        return self._folder / f"{owner}.alive"

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._owner}.{number:012d}"

    def _files(self, owner: str) -> list[Path]:
        return sorted(self._folder.glob(f"{owner}.{'[0-9]' * 12}"))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from beginning, and from taking over, at the same moment."""
        descriptor = _open(self._folder / "lock")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def read_segment(file: Path) -> Segment:
    """Read a sealed file."""
    lines = file.read_bytes().split(b"\n")
    torn = int(lines.pop() != b"")
    records = []
    for line in lines:
        checksum, _, record = line.partition(b" ")
        if xxh3_64_hexdigest(record).encode() == checksum:
            records.append(record)
        else:
            torn += 1
    return Segment(records, torn)


def _lines(records: Sequence[bytes]) -> bytes:
    return b"".join(b"%b %b\n" % (xxh3_64_hexdigest(record).encode(), record) for record in records)


def _open(path: Path, flags: int = 0) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | flags, _PRIVATE_MODE)


def _number(file: Path) -> int:
    return int(file.name.rpartition(".")[2])
