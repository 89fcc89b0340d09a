"""Undoing a request's content encoding, within a bound."""

import zlib
from typing import Protocol

import zstandard

from schemas.problems import BodyTooLarge, EncodingUnsupported

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

FRAMES_MAX = 1_000
"""Members of a gzip file or frames of a zstd stream: each costs time however empty it is."""

GZIP_PIECE_BYTES = 2 * 1024
"""Input taken at once. At deflate's best ratio (1:1032) a piece becomes 2 MiB."""

ZSTD_PIECE_BYTES = 256
"""The same for zstd, where 4 bytes can become a block of 128 KiB."""

_PLAIN_LABELS = frozenset({"", "identity"})


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, _data: bytes, /) -> bytes: ...


def decompress(raw: bytes, content_encoding: str | None, *, bytes_max: int) -> bytes:
    """Return the plain body: gzip and zstd are recognised by their content, whatever the label says.

    At most about 8 MiB beyond `bytes_max` are ever held.

    Raises:
        BodyTooLarge: the plain body has more than `bytes_max` bytes.
        EncodingUnsupported: the data is broken or cut short, or label and content are both unknown.
    """
    if raw.startswith(GZIP_MAGIC):
        return _inflate(raw, bytes_max, zstd=False)
    if raw.startswith(ZSTD_MAGIC):
        return _inflate(raw, bytes_max, zstd=True)
    label = (content_encoding or "").strip().lower()
    if label not in _PLAIN_LABELS and raw and raw.lstrip()[:1] not in {b"{", b"["}:
        raise EncodingUnsupported
    if len(raw) > bytes_max:
        raise BodyTooLarge
    return raw


def _inflate(raw: bytes, bytes_max: int, *, zstd: bool) -> bytes:
    # A frame may ask for a window far larger than its content; the limit's next power of two is enough.
    frames = zstandard.ZstdDecompressor(max_window_size=1 << bytes_max.bit_length()) if zstd else None
    piece_bytes = ZSTD_PIECE_BYTES if zstd else GZIP_PIECE_BYTES
    plain: list[bytes] = []
    plain_bytes = position = 0
    for _ in range(FRAMES_MAX):
        frame: _Decompressor = frames.decompressobj() if frames else zlib.decompressobj(wbits=31)
        while not frame.eof:
            if position >= len(raw):
                raise EncodingUnsupported("The compressed body is cut short.")
            piece = raw[position : position + piece_bytes]
            position += len(piece)
            try:
                plain.append(frame.decompress(piece))
            except (zlib.error, zstandard.ZstdError) as error:
                raise EncodingUnsupported("The compressed body is broken.") from error
            plain_bytes += len(plain[-1])
            if plain_bytes > bytes_max:
                raise BodyTooLarge
        position -= len(frame.unused_data)
        if position == len(raw):
            return b"".join(plain)
    raise EncodingUnsupported(f"The compressed body has more than {FRAMES_MAX} frames.")
