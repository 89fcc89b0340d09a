"""How an import's file is to be read: what the sender says, and what the file itself tells."""

import hashlib
from typing import Any

import orjson

from ingest.import_columns import OBJECT_FIELDS
from ingest.validators import field_names
from schemas.imports import ImportFormat, ImportOptions
from schemas.problems import ParameterInvalid

PARQUET_MAGIC = b"PAR1"

_MEDIA_TYPES = {
    "application/x-ndjson": ImportFormat.NDJSON,
    "application/ndjson": ImportFormat.NDJSON,
    "application/jsonl": ImportFormat.NDJSON,
    "text/csv": ImportFormat.CSV,
    "text/tab-separated-values": ImportFormat.CSV,
    "application/vnd.apache.parquet": ImportFormat.PARQUET,
    "application/x-parquet": ImportFormat.PARQUET,
}
_SUFFIXES = {
    "ndjson": ImportFormat.NDJSON,
    "jsonl": ImportFormat.NDJSON,
    "json": ImportFormat.NDJSON,
    "csv": ImportFormat.CSV,
    "tsv": ImportFormat.CSV,
    "parquet": ImportFormat.PARQUET,
}
_COMPRESSED_SUFFIXES = frozenset({"gz", "zst", "zstd"})


def detect_format(head: bytes, content_type: str, filename: str) -> ImportFormat:
    """Tell a file's format by its Content-Type, else by its name, else by its first bytes (decompressed)."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type in _MEDIA_TYPES:
        return _MEDIA_TYPES[media_type]
    suffixes = [part for part in filename.lower().split(".")[1:] if part not in _COMPRESSED_SUFFIXES]
    if suffixes and suffixes[-1] in _SUFFIXES:
        return _SUFFIXES[suffixes[-1]]
    if head.startswith(PARQUET_MAGIC):
        return ImportFormat.PARQUET
    return ImportFormat.NDJSON if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" else ImportFormat.CSV


def parse_mapping(text: str) -> dict[str, str | None]:
    """Read `{"column": "field"}`; null or "" leaves a column out.

    Raises:
        ParameterInvalid: it is something else, or names a field that no event has.
    """
    try:
        mapping: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ParameterInvalid(f"`mapping` is not JSON: {error}.") from None
    if not isinstance(mapping, dict):
        raise ParameterInvalid('`mapping` is a JSON object such as {"their_column": "event_time"}.')
    for column, field in mapping.items():
        if "\0" in column or (isinstance(field, str) and "\0" in field):
            raise ParameterInvalid("`mapping` holds a NUL character.")
        if field and not (isinstance(field, str) and is_target(field)):
            raise ParameterInvalid(
                f"`mapping` sends the column {column!r} to {field!r}, which is no field of an event; "
                "put it under `properties.`, or see /schemas/events."
            )
    return {column: field or None for column, field in mapping.items()}


def is_target(field: str) -> bool:
    """Say whether a column can be mapped to this: a field, or a member of one that is an object."""
    parent, _, member = field.partition(".")
    return field in field_names() or (parent in OBJECT_FIELDS and bool(member))


def import_id_of(file_sha256: str, options: ImportOptions) -> str:
    """Name an import by what it does: the same file with the same options is the same import."""
    text = orjson.dumps([file_sha256, options.document()])
    return hashlib.sha256(text).hexdigest()[:32]
