"""Where the embedded stack keeps things, and why not all of it simply lies in the data folder.

Sockets must lie under short paths (the kernel takes 107 characters), and Postgres refuses to run as root.
So a deep data folder gets a short companion for sockets, and root's Postgres lives where the user that runs
it can reach it without anybody's folders being opened up.
"""

import hashlib
import os
import pwd
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from schemas.settings import Settings

_SHORT_CHARS_MAX = 29
"""Serve adds up to 68 characters: `/run/`, a node id and the name of a socket. HAProxy takes 97."""

ROOT_STATE = Path("/var/lib/unmogrow")
POSTGRES_USER = "nobody"
"""Who runs Postgres when root starts the stack: a user that every machine has; none is made."""


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one stack."""

    data: Path
    run: Path
    logs: Path
    clickhouse: Path
    postgres: Path
    ray: Path
    stack_id: str


def places_of(settings: Settings) -> Places:
    """Work out the folders; nothing is made."""
    data = settings.data_dir.resolve()
    stack_id = hashlib.sha256(str(data).encode()).hexdigest()[:10]
    short = data if len(str(data)) <= _SHORT_CHARS_MAX else Path(f"/tmp/unmogrow-{stack_id}")  # noqa: S108
    postgres = ROOT_STATE / stack_id / "postgres" if as_root() else data / "postgres"
    return Places(data, short / "run", data / "logs", data / "clickhouse", postgres, short / "ray", stack_id)


def as_root() -> bool:
    """Say whether root runs this."""
    return os.geteuid() == 0


def make_private(folder: Path) -> None:
    """Make a folder that only its owner enters; parents that are missing get the usual permissions.

    Raises:
        PermissionError: it is there and belongs to somebody else.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to {pwd.getpwuid(folder.stat().st_uid).pw_name}")


def secret_file(path: Path, make: str) -> str:
    """Read a secret, or keep the one given if there is none yet; only the owner can read the file.

    Whole or not at all, whatever is killed: half a secret, or an empty one, would be taken for it ever after.
    """
    if not path.exists():
        with NamedTemporaryFile(mode="w", dir=path.parent, prefix=f".{path.name}.") as file:
            file.write(make)
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text(encoding="ascii").strip()
