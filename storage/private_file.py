"""Files that only their owner can read, each written under a passing name: what bears its own name is never half."""

import hashlib
import os
from pathlib import Path

_FILE_MODE = 0o600
_FOLDER_MODE = 0o700


def make_private_folder(folder: Path) -> None:
    """Make a folder and those above it, as far as they are missing, for their owner alone."""
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode=_FOLDER_MODE, exist_ok=True)


class PrivateFile:
    """Writes a file a chunk at a time, and counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        make_private_folder(path.parent)
        # What lies there may have been made for others to read.
        self._partial.unlink(missing_ok=True)
        self._file = os.fdopen(os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE), "wb")
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def write(self, chunk: bytes) -> None:
        """Append a chunk."""
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


def write_private_file(path: Path, content: bytes) -> None:
    """Replace a file, whole or not at all."""
    file = PrivateFile(path)
    file.write(content)
    file.keep()
