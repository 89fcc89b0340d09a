"""A copy of the directory on this machine's disk: a replica that starts while the control database is away serves it.

It holds no secret in clear: keys as hashes, private keys sealed. Only its owner can read it all the same.
"""

import os
import threading
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from storage.postgres.directory import DirectoryRows

_ROWS = TypeAdapter(DirectoryRows)
_PRIVATE_MODE = 0o600

log = structlog.get_logger()


class DirectoryCopy:
    """The copy in one file, shared by the replicas of a machine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._saving = threading.Lock()

    def save(self, rows: DirectoryRows) -> None:
        """Replace the copy, whole or not at all; a disk that takes none is a warning, no more."""
        with self._saving:
            partial = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE_MODE), "wb") as file:
                    file.write(_ROWS.dump_json(rows))
                partial.replace(self._path)
            except OSError as error:
                log.warning("directory_not_copied", error=repr(error))

    def load(self) -> DirectoryRows | None:
        """Read the copy; None if there is none that can be read."""
        try:
            return _ROWS.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            # The error's text may hold parts of the file.
            log.warning("directory_copy_unreadable", error=type(error).__name__)
            return None
