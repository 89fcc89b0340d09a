"""The root secret of this machine's stack: a file, and while it is rotated, the one before and the one to come."""

from base64 import b64decode, b64encode
from pathlib import Path
from secrets import token_bytes

from local.places import secret_file
from storage.private_file import write_private_file

_KEY_BYTES = 32


class SecretKeyFiles:
    """The files in the data folder."""

    def __init__(self, data: Path) -> None:
        self._current = data / "secret.key"
        self._previous = data / "secret.key.previous"
        self._next = data / "secret.key.next"

    def current(self) -> bytes:
        """Read the root secret, made at first use."""
        return b64decode(secret_file(self._current, _new()))

    def previous(self) -> bytes | None:
        """Read the root secret before the last rotation, if there was one."""
        return b64decode(self._previous.read_text(encoding="ascii")) if self._previous.exists() else None

    @property
    def is_rotating(self) -> bool:
        """Whether a rotation began and has not ended."""
        return self._next.exists()

    def begin_rotation(self) -> None:
        """Have a new root secret, or go on with a rotation that was broken off."""
        coming = secret_file(self._next, _new())
        current = secret_file(self._current, _new())
        if current != coming:
            write_private_file(self._previous, current.encode())
            write_private_file(self._current, coming.encode())

    def end_rotation(self) -> None:
        """Say that nothing depends on the root secret before any more but what processes still remember."""
        self._next.unlink(missing_ok=True)


def _new() -> str:
    return b64encode(token_bytes(_KEY_BYTES)).decode()
