"""Reading files row by row: every kind, from any row on, whatever is broken in them."""

import gzip
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse import BrokenLine
from jobs.import_rows import open_rows, read_head
from schemas.imports import ImportFormat, ImportOptions, UnreadableFileError
from schemas.limits import IMPORT_LINE_BYTES_MAX

PACKERS: list[Callable[[bytes], bytes]] = [bytes, gzip.compress, zstandard.compress]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def read(folder: Path, content: bytes, kind: ImportFormat, after_row: int = 0) -> list[tuple[int, Any]]:
    path = folder / "file"
    path.write_bytes(content)
    with open_rows(path, ImportOptions(kind)) as source:
        rows = list(source.rows(after_row))
        assert source.bytes_done() <= len(content)
    return rows


def parquet(columns: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(columns, file, **options)
    return file.getvalue()


@pytest.mark.parametrize("pack", PACKERS)
def test_ndjson_is_read_by_lines(folder: Path, pack: Callable[[bytes], bytes]) -> None:
    """Each line is a row with the line's number, a broken or an endless one too; blank ones hold nothing."""
    lines = [b'\xef\xbb\xbf{"a":1}\r', b"", b"{", b"[" + b"1," * IMPORT_LINE_BYTES_MAX + b"1]", b"7"]
    rows = read(folder, pack(b"\n".join(lines)), ImportFormat.NDJSON)
    assert [number for number, _ in rows] == [1, 3, 4, 5]
    assert (rows[0][1], rows[3][1]) == ({"a": 1}, 7)
    assert isinstance(rows[1][1], BrokenLine)
    assert isinstance(rows[2][1], BrokenLine)
    assert "line 4 has more than" in rows[2][1].detail


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("pack", PACKERS)
def test_csv_is_read_by_records(folder: Path, delimiter: str, pack: Callable[[bytes], bytes]) -> None:
    """Whatever is between the cells, with quotes and newlines in them; a record that is broken costs itself alone."""
    lines = ["\ufeffevent_id;user_id", '1;"a""b;\r\nc"', "2", "", '3;"', "é;d"]
    text = "\r\n".join(lines).replace(";", delimiter)
    rows = read(folder, pack(text.encode() + b"\r\n\xff;x".replace(b";", delimiter.encode())), ImportFormat.CSV)
    assert rows[0] == (1, {"event_id": "1", "user_id": f'a"b{delimiter}\r\nc'})
    assert rows[1] == (2, BrokenLine("has 1 cells; the header has 2", b"2"))
    # An open quote takes what follows with it.
    assert rows[2:] == [(3, BrokenLine("is not UTF-8"))]


def test_an_open_quote_ends_somewhere(folder: Path) -> None:
    """A quote that is never closed costs the rows within a field's limit, not the memory of the whole file."""
    content = b"event_id,x\n" + b'1,"\n' + b"2,y\n" * 100_000
    rows = read(folder, content, ImportFormat.CSV)
    assert isinstance(rows[0][1], BrokenLine)
    assert "quote" in rows[0][1].detail
    assert rows[-1][1] == {"event_id": "2", "properties": {"x": "y"}}
    assert 50_000 < len(rows) < 100_000


def test_parquet_is_read_by_row_groups(folder: Path) -> None:
    """Typed values become JSON, nested ones too; a time that no calendar has becomes the text of its number."""
    far = 9 * 10**15
    columns = pa.table(
        {
            "event_id": pa.array([1, 2]),
            "event_time": pa.array([10**18 + 1, None], pa.timestamp("ns", tz="Europe/Berlin")),
            "far": pa.array([None, far], pa.timestamp("s")),
            "map": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
            "struct": pa.array([{"at": datetime(2026, 1, 1), "n": [1.5, None]}, None]),  # noqa: DTZ001 - as tables have them
            "word": pa.array(["x", "y"]).dictionary_encode(),
            "took": pa.array([timedelta(seconds=1)] * 2, pa.duration("ns")),
        }
    )
    rows = read(folder, parquet(columns, row_group_size=1), ImportFormat.PARQUET)
    common = {"took": 1.0}
    struct = {"at": "2026-01-01T00:00:00.000Z", "n": [1.5, None]}
    assert rows == [
        (
            1,
            {
                "event_id": "1",
                "event_time": "2001-09-09T01:46:40.000Z",
                "properties": {"map": {"a": 1}, "struct": struct, "word": "x", **common},
            },
        ),
        (2, {"event_id": "2", "properties": {"far": str(far * 1_000), "map": {}, "word": "y", **common}}),
    ]


@given(st.integers(0, 70), st.integers(1, 40), st.sampled_from(PACKERS))
def test_reading_on_is_reading_all(
    folder: Path, after_row: int, group_rows: int, pack: Callable[[bytes], bytes]
) -> None:
    """From any row on, each kind of file gives what reading it whole gives after that row."""
    events = [{"event_id": str(n), "user_id": f"u{n % 7}"} for n in range(60)]
    text = b"event_id,user_id\n" + b"".join(f"{e['event_id']},{e['user_id']}\n".encode() for e in events)
    files = {
        ImportFormat.NDJSON: pack(b"\n".join(orjson.dumps(event) for event in events)),
        ImportFormat.CSV: pack(text),
        ImportFormat.PARQUET: parquet(pa.Table.from_pylist(events), row_group_size=group_rows),
    }
    expected = list(enumerate(events, start=1))[after_row:]
    for kind, content in files.items():
        assert read(folder, content, kind, after_row) == expected


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b"", ImportFormat.PARQUET, "not a Parquet file"),
        (parquet(pa.table({"a": list(range(10_000))}))[:-1], ImportFormat.PARQUET, "not a Parquet file"),
        (gzip.compress(bytes(range(256)) * 99, mtime=0)[:50], ImportFormat.NDJSON, "broken or cut short"),
        (b"\x1f\x8bnothing", ImportFormat.CSV, "broken or cut short"),
        (b"\x28\xb5\x2f\xfdnothing", ImportFormat.CSV, "broken or cut short"),
        (b"\0" * (IMPORT_LINE_BYTES_MAX + 1), ImportFormat.CSV, "not a CSV file"),
        (b"\xff,a\n", ImportFormat.CSV, "not UTF-8"),
        (b"a,a\n", ImportFormat.CSV, "More than one column"),
    ],
)
def test_what_cannot_be_read_is_said(folder: Path, content: bytes, kind: ImportFormat, said: str) -> None:
    """UnreadableFileError with the reason."""
    with pytest.raises(UnreadableFileError, match=said):
        read(folder, content, kind)


def test_a_broken_row_group_is_named(folder: Path) -> None:
    """A Parquet file whose data is damaged gives the row groups before the damage, then says which is broken."""
    content = bytearray(parquet(pa.table({"event_id": [f"{n:064}" for n in range(2_000)]}), row_group_size=1_000))
    middle = content.index(b"0" * 10, len(content) // 2)
    content[middle : middle + 200] = b"\xff" * 200
    seen: list[Any] = []
    path = folder / "damaged"
    path.write_bytes(content)
    with open_rows(path, ImportOptions(ImportFormat.PARQUET)) as source, pytest.raises(UnreadableFileError) as caught:
        seen.extend(source.rows(0))
    assert "Row group 2" in str(caught.value)
    assert len(seen) == 1_000


@pytest.mark.parametrize("pack", PACKERS)
def test_the_head_is_read_unpacked(folder: Path, pack: Callable[[bytes], bytes]) -> None:
    """The first bytes come plain, whatever the file is packed with."""
    path = folder / "head"
    path.write_bytes(pack(b"PAR1" * 100))
    assert read_head(path, 4) == b"PAR1"
    path.write_bytes(b"\x1f\x8bnothing")
    assert read_head(path, 4) == b""
