"""Bodies are decompressed by what they are, within the limit."""

import gzip
import tracemalloc

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ingest.body import FRAMES_MAX, decompress
from schemas.problems import BodyTooLarge, EncodingUnsupported

LIMIT = 1024 * 1024
PLAIN = b'{"event_id": "1", "padding": "' + b"hello " * 2_000 + b'"}'
GZIP = gzip.compress(PLAIN, mtime=0)
ZSTD = zstandard.compress(PLAIN)
SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip"


@pytest.mark.parametrize("label", [None, "", "identity", "gzip", "zstd", "br", " GZIP "])
@pytest.mark.parametrize("raw", [PLAIN, GZIP, ZSTD])
def test_the_content_decides_not_the_label(raw: bytes, label: str | None) -> None:
    """Plain JSON, gzip and zstd are understood under every label."""
    assert decompress(raw, label, bytes_max=LIMIT) == PLAIN


@pytest.mark.parametrize("raw", [GZIP + GZIP, ZSTD + ZSTD, ZSTD + SKIPPABLE + ZSTD])
def test_several_frames_are_one_body(raw: bytes) -> None:
    """Members of gzip and frames of zstd are joined; skippable frames are skipped."""
    assert decompress(raw, None, bytes_max=LIMIT) == PLAIN * 2


@given(plain=st.binary(max_size=5_000), cuts=st.integers(1, 40))
def test_what_was_compressed_comes_back(plain: bytes, cuts: int) -> None:
    """However a body was cut into frames, it comes back whole."""
    size = max(1, len(plain) // cuts)
    pieces = [plain[start : start + size] for start in range(0, len(plain), size)] or [b""]
    assert decompress(b"".join(map(zstandard.compress, pieces)), None, bytes_max=LIMIT) == plain
    assert decompress(b"".join(map(gzip.compress, pieces)), None, bytes_max=LIMIT) == plain


@pytest.mark.parametrize(
    "raw",
    [
        GZIP[:-1],
        ZSTD[:-1],
        GZIP[:3],
        ZSTD[:5],
        GZIP + b"junk",
        ZSTD + b"junk",
        GZIP[:20] + b"\xff" * 20,
        ZSTD[:14] + b"\xff" * 20,
    ],
)
def test_broken_data_is_refused(raw: bytes) -> None:
    """Data that is cut short, followed by junk or damaged raises EncodingUnsupported."""
    with pytest.raises(EncodingUnsupported):
        decompress(raw, "gzip", bytes_max=LIMIT)


@pytest.mark.parametrize("label", ["br", "deflate", "gzip", "zstd"])
def test_unknown_content_under_a_label_is_refused(label: str) -> None:
    """What neither content nor label explain raises EncodingUnsupported."""
    with pytest.raises(EncodingUnsupported):
        decompress(b"\x0b\x02\x80", label, bytes_max=LIMIT)


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstandard.compress])
def test_the_limit_itself_is_allowed(compress: type[bytes]) -> None:
    """A body of exactly the limit passes; one byte more raises BodyTooLarge."""
    assert len(decompress(compress(b" " * LIMIT), None, bytes_max=LIMIT)) == LIMIT
    with pytest.raises(BodyTooLarge):
        decompress(compress(b" " * (LIMIT + 1)), None, bytes_max=LIMIT)


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_a_bomb_is_cut_off(compress: type[bytes]) -> None:
    """A bomb of 256 MiB costs less than 20 MiB of memory."""
    bomb = compress(bytes(256 * LIMIT))
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLarge):
            decompress(bomb, None, bytes_max=LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 20 * LIMIT
    finally:
        tracemalloc.stop()


def test_empty_frames_are_bounded() -> None:
    """A body of countless empty frames is refused before it costs much time."""
    with pytest.raises(EncodingUnsupported, match="frames"):
        decompress(gzip.compress(b"") * (FRAMES_MAX + 1), None, bytes_max=LIMIT)


def test_a_window_beyond_the_limit_is_refused() -> None:
    """A frame cannot make the server reserve a window much larger than any body."""
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    raw = compressor.compress(PLAIN) + compressor.flush()
    with pytest.raises(EncodingUnsupported):
        decompress(raw, None, bytes_max=LIMIT)


def test_an_empty_body_stays_empty() -> None:
    """No bytes are no bytes, under any label."""
    assert decompress(b"", "gzip", bytes_max=LIMIT) == b""
