"""From the columns of a table to events."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.import_columns import Target, event_from, plan_columns, with_id
from ingest.prepare import prepare
from ingest.validators import field_names
from schemas.event_types import EventType
from schemas.imports import ImportFormat, ImportOptions, UnknownColumns, UnreadableFileError
from tests.unit.ingest.cases import STAMP, minimal

CSV = ImportOptions(ImportFormat.CSV)
CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def row(columns: dict[str, Any], options: ImportOptions = CSV) -> dict[str, Any]:
    return event_from(plan_columns(list(columns), options), list(columns.values()))


def test_columns_go_where_their_names_say() -> None:
    """Fields stay, `properties.x` and unknown columns gather in properties, and what is empty is absent."""
    assert row(
        {"event_id": "e", "gaid": "", "properties": '{"a": 1}', "properties.b.c": "2", "shop": "x", "": "3", "no": None}
    ) == {"event_id": "e", "properties": {"a": 1, "b.c": "2", "shop": "x", "column_6": "3"}}


def test_a_mapping_goes_first() -> None:
    """A mapped column goes to its field or member, and one mapped to nothing is left out."""
    mapping = {"ts": "event_time", "lvl": "properties.level", "secret": None}
    options = ImportOptions(ImportFormat.CSV, mapping=mapping)
    assert row({"ts": "t", "lvl": "3", "secret": "s", "consent.ads": "yes"}, options) == {
        "event_time": "t",
        "properties": {"level": "3"},
        "consent": {"ads": "yes"},
    }


def test_unknown_columns_can_be_refused() -> None:
    """With `unknown=reject` a row with a value in an unknown column is rejected for it; an empty one is not."""
    options = ImportOptions(ImportFormat.CSV, unknown=UnknownColumns.REJECT)
    click = minimal(EventType.CLICK, event_time="2026-10-01T12:00:00Z")
    checked = prepare([row(click | {"shop": "x"}, options), row(click | {"shop": ""}, options)], STAMP)
    assert [(rejection.index, rejection.errors[0].pointer) for rejection in checked.rejected] == [(0, "/shop")]


@pytest.mark.parametrize("stamped", ["tenant_id", "received_at", "batch_id"])
def test_stamps_are_refused(stamped: str) -> None:
    """A column that names what the platform stamps is not filed away under properties."""
    assert plan_columns([stamped], CSV) == (Target(stamped),)


def test_numbers_become_ids() -> None:
    """A whole number in a field that is text becomes text; elsewhere it stays a number."""
    assert row({"user_id": 7, "quantity": 7, "x": 7}) == {"user_id": "7", "quantity": 7, "properties": {"x": 7}}


@pytest.mark.parametrize(
    ("columns", "mapping", "said"),
    [
        (["a", "a"], {}, "More than one column goes to: `properties.a`"),
        (["a", "event_id"], {"a": "event_id"}, "More than one column goes to: `event_id`"),
        (["a"], {"b": "event_id"}, "does not have: `b`"),
    ],
)
def test_contradictions_end_the_import(columns: list[str], mapping: dict[str, str | None], said: str) -> None:
    """UnreadableFileError for two columns of one field, and for a mapped column that is not there."""
    with pytest.raises(UnreadableFileError, match=said):
        plan_columns(columns, ImportOptions(ImportFormat.CSV, mapping=mapping))


def test_a_row_without_an_id_always_gets_the_same() -> None:
    """The id depends on the file's content and the row; an id that is there stays."""
    first, again = with_id({}, "sha", 1), with_id({"event_id": ""}, "sha", 1)
    others = [with_id({}, "sha", 2), with_id({}, "other", 1)]
    assert first == again
    assert len({first["event_id"], *(other["event_id"] for other in others)}) == 3
    assert with_id({"event_id": "mine"}, "sha", 1) == {"event_id": "mine"}
    assert with_id([1], "sha", 1) == [1]


@given(st.dictionaries(st.sampled_from(sorted(field_names())) | CELLS, CELLS, min_size=1))
def test_no_value_is_lost(columns: dict[str, str]) -> None:
    """Every value that is not empty is in the event: in its field, or under properties or consent."""
    # A header's cells are told apart by where they go.
    try:
        plan = plan_columns(list(columns), CSV)
    except UnreadableFileError:
        return
    event = event_from(plan, list(columns.values()))
    for target, value in zip(plan, columns.values(), strict=True):
        assert target is not None
        if value and target.key is not None:
            held = event[target.field]
            assert not isinstance(held, dict) or held[target.key] == value
        elif value and target.field not in {"properties", "consent"}:
            assert event[target.field] == value


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5))
def test_every_row_is_a_row_or_a_rejection(rows: list[list[str]]) -> None:
    """Whatever the cells hold, checking takes each row or says why not."""
    plan = plan_columns(["event_type", "event_time", "x"], CSV)
    checked = prepare([with_id(event_from(plan, cells), "sha", n) for n, cells in enumerate(rows)], STAMP)
    assert checked.count + len(checked.rejected) == len(rows)


def test_a_valid_event_survives_a_table() -> None:
    """Each type's example, written as CSV and read again, is taken."""
    for kind in EventType:
        example = minimal(kind, event_time="2026-10-01T12:00:00Z")
        text = io.StringIO()
        flat = {
            name if not isinstance(value, dict) else f"{name}.{key}": member
            for name, value in example.items()
            for key, member in (value.items() if isinstance(value, dict) else [("", value)])
        }
        writer = csv.writer(text)
        writer.writerows([flat.keys(), flat.values()])
        header, cells = csv.reader(io.StringIO(text.getvalue()))
        checked = prepare([event_from(plan_columns(header, CSV), cells)], STAMP)
        assert (checked.count, checked.rejected) == (1, ())
