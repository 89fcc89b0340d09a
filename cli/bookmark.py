"""How far into a file an earlier run came: a broken run goes on where it stopped."""

import hashlib
from pathlib import Path

import orjson

from cli.credentials import write_private


class Bookmark:
    """Counts the acknowledged rows of one file, as it is now, for one tenant."""

    def __init__(self, data_dir: Path, file: Path, tenant_id: str) -> None:
        state = file.stat()
        identity = f"{tenant_id}\0{file.resolve()}\0{state.st_size}\0{state.st_mtime_ns}"
        self._path = data_dir / "uploads" / f"{hashlib.sha256(identity.encode()).hexdigest()[:24]}.json"
        self.rows = orjson.loads(self._path.read_bytes())["rows"] if self._path.exists() else 0

    def move(self, rows: int) -> None:
        """Note that more rows were acknowledged."""
        self.rows += rows
        write_private(self._path, {"rows": self.rows})

    def remove(self) -> None:
        """Forget it: the file was sent to its end, or is to be sent from its start."""
        self._path.unlink(missing_ok=True)
        self.rows = 0
