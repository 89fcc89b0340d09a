"""Reads an import's file row by row, from the middle if need be, in memory that does not grow with the file.

A row is numbered as its sender counts: a line of NDJSON, a record of CSV or Parquet, the first being 1. What
stands in it is an event to be checked, or a `BrokenLine` that costs this row alone; what leaves nothing more
to be read is an `UnreadableFileError`.

CSV is read by the standard library: Arrow's reader gives up on a row with a cell too many, or leaves it out.
"""

import csv
import gzip
import io
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from ingest.body import GZIP_MAGIC, ZSTD_MAGIC
from ingest.import_columns import event_from, plan_columns
from ingest.json_values import json_value
from ingest.parse import BrokenLine, parse_line
from schemas.imports import ImportFormat, ImportOptions, UnreadableFileError
from schemas.limits import IMPORT_LINE_BYTES_MAX

_BATCH_ROWS = 1_000
_BOM = b"\xef\xbb\xbf"
_DELIMITERS = ",;\t|"
_BROKEN_TEXT = (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError)

Rows = Iterator[tuple[int, Any]]


class RowSource(ABC):
    """An open file of rows; a context manager."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @abstractmethod
    def rows(self, after_row: int) -> Rows:
        """Yield the number and the content of each row past one.

        Raises:
            UnreadableFileError: the file cannot be read on.
        """

    @abstractmethod
    def bytes_done(self) -> int:
        """Say about how much of the file, as it lies on disk, was read."""

    @abstractmethod
    def close(self) -> None:
        """Close the file."""


def open_rows(path: Path, options: ImportOptions) -> RowSource:
    """Open a file as what it is said to be.

    Raises:
        FileNotFoundError: it is not there.
        UnreadableFileError: it is something else.
    """
    kinds: dict[ImportFormat, type[NdjsonRows | CsvRows | ParquetRows]] = {
        ImportFormat.NDJSON: NdjsonRows,
        ImportFormat.CSV: CsvRows,
        ImportFormat.PARQUET: ParquetRows,
    }
    return kinds[options.format](path, options)


def read_head(path: Path, size_bytes: int) -> bytes:
    """Read the first bytes of a file, decompressed; none if they do not decompress."""
    with path.open("rb") as raw:
        try:
            return _plain(raw).read(size_bytes)
        except _BROKEN_TEXT:
            return b""


def _plain(raw: BinaryIO) -> BinaryIO:
    """Undo gzip and zstd, which are known by their content."""
    magic = raw.read(len(ZSTD_MAGIC))
    raw.seek(0)
    if magic.startswith(GZIP_MAGIC):
        return cast("BinaryIO", gzip.GzipFile(fileobj=raw))
    if magic == ZSTD_MAGIC:
        stream = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True, closefd=False)
        return cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", stream)))
    return raw


class _TextRows(RowSource):
    """A file of lines, plain or compressed."""

    def __init__(self, path: Path, options: ImportOptions) -> None:
        self._options = options
        self._raw = path.open("rb")
        self._text = _plain(self._raw)

    def bytes_done(self) -> int:
        """Say where the compressed file was read to."""
        return self._raw.tell()

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def _lines(self) -> Iterator[bytes | None]:
        """Yield lines; None for one that is longer than a line may be."""
        first = True
        try:
            while line := self._text.readline(IMPORT_LINE_BYTES_MAX + 1):
                if len(line) <= IMPORT_LINE_BYTES_MAX:
                    yield line.removeprefix(_BOM) if first else line
                else:
                    while line and not line.endswith(b"\n"):
                        line = self._text.readline(IMPORT_LINE_BYTES_MAX)
                    yield None
                first = False
        except _BROKEN_TEXT as error:
            raise UnreadableFileError(f"The compressed file is broken or cut short: {error}.") from error


class NdjsonRows(_TextRows):
    """One event a line, as the ingest API takes them; blank lines count as rows, but hold nothing."""

    def rows(self, after_row: int) -> Rows:
        """Yield the events."""
        for number, line in enumerate(self._lines(), start=1):
            if number <= after_row:
                continue
            if line is None:
                yield number, BrokenLine(f"line {number} has more than {IMPORT_LINE_BYTES_MAX} bytes")
            elif not line.isspace():
                yield number, parse_line(line, number)


class CsvRows(_TextRows):
    """A header and records, in UTF-8, between commas, semicolons, tabs or bars; blank lines count for nothing."""

    def __init__(self, path: Path, options: ImportOptions) -> None:
        super().__init__(path, options)
        self._is_broken_text = False

    def rows(self, after_row: int) -> Rows:
        """Yield each record as an event."""
        texts = self._decoded()
        first = next((text for text in texts if not text.isspace()), "")
        delimiter = max(_DELIMITERS, key=first.count)
        reader = csv.reader(chain([first], texts), delimiter=delimiter)
        plan = plan_columns(self._header(reader), self._options)
        number = 0
        for cells in self._records(reader):
            number += 1
            if number <= after_row:
                continue
            if isinstance(cells, BrokenLine):
                yield number, cells
            elif len(cells) != len(plan):
                yield (
                    number,
                    BrokenLine(f"has {len(cells)} cells; the header has {len(plan)}", delimiter.join(cells).encode()),
                )
            else:
                yield number, event_from(plan, cells)

    def _header(self, reader: Iterator[list[str]]) -> list[str]:
        try:
            columns = [name.strip() for name in next(reader, [])]
        except csv.Error as error:
            raise UnreadableFileError(f"The header is not CSV: {error}.") from error
        if self._is_broken_text:
            raise UnreadableFileError("The header is not UTF-8.")
        return columns

    def _records(self, reader: Iterator[list[str]]) -> Iterator[list[str] | BrokenLine]:
        while True:
            self._is_broken_text = False
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BrokenLine(f"is not CSV: {error}; is a quote left open?")
                continue
            if self._is_broken_text:
                yield BrokenLine("is not UTF-8")
            elif cells:
                yield cells

    def _decoded(self) -> Iterator[str]:
        for number, line in enumerate(self._lines(), start=1):
            if line is None:
                raise UnreadableFileError(
                    f"Line {number} has more than {IMPORT_LINE_BYTES_MAX} bytes: this is not a CSV file."
                )
            try:
                yield line.decode()
            except UnicodeDecodeError:
                self._is_broken_text = True
                yield line.decode(errors="replace")


class ParquetRows(RowSource):
    """A Parquet file."""

    def __init__(self, path: Path, options: ImportOptions) -> None:
        self._bytes_total = path.stat().st_size
        try:
            self._file = pq.ParquetFile(path, pre_buffer=False)
            self._rows_total: int = self._file.metadata.num_rows
            self._plan = plan_columns(self._file.schema_arrow.names, options)
        except (pa.ArrowException, OSError) as error:
            raise UnreadableFileError(f"This is not a Parquet file: {error}") from error
        self._rows_done = 0

    def bytes_done(self) -> int:
        """Reckon it from the rows that were read."""
        return self._bytes_total * self._rows_done // max(1, self._rows_total)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def rows(self, after_row: int) -> Rows:
        """Yield each row as an event; row groups before the row are not read."""
        number = 0
        for group in range(self._file.num_row_groups):
            count = self._file.metadata.row_group(group).num_rows
            if number + count <= after_row:
                number += count
                continue
            for values in self._group(group):
                number += 1
                self._rows_done = number
                if number > after_row:
                    yield number, event_from(self._plan, values)

    def _group(self, group: int) -> Iterator[Sequence[Any]]:
        try:
            for batch in self._file.iter_batches(_BATCH_ROWS, row_groups=[group], use_threads=False):
                yield from zip(*(_values(column) for column in batch.columns), strict=True)
        except (pa.ArrowException, OSError) as error:
            raise UnreadableFileError(f"Row group {group + 1} cannot be read: {error}") from error


def _values(column: Any) -> list[Any]:
    column = column.cast(_plain_type(column.type), safe=False)
    try:
        return [json_value(value) for value in column.to_pylist(maps_as_pydicts="lossy")]
    except (ValueError, OverflowError):
        return [_value(scalar) for scalar in column]


def _value(scalar: Any) -> Any:
    """Convert one value; a time that no calendar has becomes the text of its number."""
    try:
        return json_value(scalar.as_py(maps_as_pydicts="lossy"))
    except (ValueError, OverflowError):
        return str(getattr(scalar, "value", ""))


def _plain_type(kind: Any) -> Any:
    """Give the type as Python has it: no nanoseconds, UTC, dictionaries written out; within nested types too."""
    types = pa.types
    if types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if types.is_struct(kind):
        return pa.struct([field.with_type(_plain_type(field.type)) for field in kind])
    if types.is_map(kind):
        return pa.map_(kind.key_type, _plain_type(kind.item_type))
    if types.is_list(kind) or types.is_large_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    return _plain_time(kind)


def _plain_time(kind: Any) -> Any:
    if pa.types.is_timestamp(kind):
        return pa.timestamp(_plain_unit(kind), tz="UTC" if kind.tz else None)
    if pa.types.is_time64(kind):
        return pa.time64("us")
    return pa.duration(_plain_unit(kind)) if pa.types.is_duration(kind) else kind


def _plain_unit(kind: Any) -> str:
    # A larger unit stays: made smaller, a time far off would turn into one that is near.
    return "us" if kind.unit == "ns" else str(kind.unit)
