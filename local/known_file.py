"""Where the stores are, for processes of Ray, in a file of this machine that only the stack's owner can read.

What a deployment is described by travels with every handle to it: whoever calls its replicas has it in memory. So a
description holds the name of this file and nothing that is in it.
"""

import pickle
from dataclasses import dataclass
from pathlib import Path

from schemas.backends import Backends
from schemas.settings import Settings
from storage.private_file import write_private_file


@dataclass(frozen=True, slots=True)
class KnownFile:
    """The file, and the function that reads it."""

    path: Path

    def write(self, backends: Backends, settings: Settings) -> None:
        """Replace what it says."""
        write_private_file(self.path, pickle.dumps((backends, settings)))

    def __call__(self) -> tuple[Backends, Settings]:
        """Read it."""
        known: tuple[Backends, Settings] = pickle.loads(self.path.read_bytes())  # noqa: S301 - our own, and private
        return known
