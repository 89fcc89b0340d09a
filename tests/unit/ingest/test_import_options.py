"""How an import's file is to be read."""

import pytest

from ingest.import_options import detect_format, import_id_of, parse_mapping
from schemas.imports import ImportFormat, ImportOptions, UnknownColumns
from schemas.problems import ParameterInvalid


@pytest.mark.parametrize(
    ("head", "content_type", "filename", "expected"),
    [
        (b"", "text/csv; charset=utf-8", "a.parquet", "csv"),
        (b"", "application/octet-stream", "a.b.ndjson.gz", "ndjson"),
        (b"", "", "A.CSV.ZST", "csv"),
        (b"PAR1", "", "export", "parquet"),
        (b'\xef\xbb\xbf \n{"a": 1}', "", "export.txt", "ndjson"),
        (b"a,b", "application/x-www-form-urlencoded", "", "csv"),
    ],
)
def test_the_file_tells_its_format(head: bytes, content_type: str, filename: str, expected: str) -> None:
    """Content-Type, else the name, else the first bytes."""
    assert detect_format(head, content_type, filename) == expected


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"a": 1}', '{"a": "foo"}', '{"a": "properties."}', '{"a": "gaid.x"}', '{"\\u0000": null}']
)
def test_a_wrong_mapping_is_refused(text: str) -> None:
    """ParameterInvalid for what is no object of columns and fields."""
    with pytest.raises(ParameterInvalid):
        parse_mapping(text)


def test_a_mapping_names_fields_members_or_nothing() -> None:
    """A field, a member of an object, or nothing at all."""
    text = '{"a": "event_id", "b": "properties.x y", "c": "", "d": null}'
    assert parse_mapping(text) == {"a": "event_id", "b": "properties.x y", "c": None, "d": None}


def test_an_import_is_a_file_and_its_options() -> None:
    """The same file and options give the same id whatever their order; any difference gives another."""
    options = ImportOptions(ImportFormat.CSV, mapping={"a": "gaid", "b": None})
    same = ImportOptions(ImportFormat.CSV, mapping={"b": None, "a": "gaid"})
    assert import_id_of("sha", options) == import_id_of("sha", same)
    others = [
        ImportOptions(ImportFormat.CSV),
        ImportOptions(ImportFormat.CSV, dry_run=True),
        ImportOptions(ImportFormat.CSV, unknown=UnknownColumns.REJECT),
        ImportOptions(ImportFormat.PARQUET),
    ]
    assert len({import_id_of(sha, each) for sha in ("s", "t") for each in [options, *others]}) == 10
    assert ImportOptions.of(options.document()) == options
