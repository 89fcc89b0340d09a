"""Sends a file piece by piece, and tells how far it came."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

_PIECE_BYTES = 256 * 1024


def file_pieces(file: Path, at_byte: Callable[[int], None]) -> Callable[[], AsyncIterator[bytes]]:
    """Make what reads a file from its start, once for each try; `at_byte` is told how far it came, from 0."""

    async def pieces() -> AsyncIterator[bytes]:
        with file.open("rb") as opened:
            while piece := opened.read(_PIECE_BYTES):
                at_byte(opened.tell() - len(piece))
                yield piece
            at_byte(opened.tell())

    return pieces
