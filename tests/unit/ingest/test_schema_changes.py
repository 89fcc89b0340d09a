"""What a new version of a schema would refuse."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.property_checks import compile_schema
from ingest.schema_changes import breaking_changes
from schemas.event_schema_problems import EventSchemaInvalid
from tests.unit.ingest.cases import JSON


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (of(), of() | {"required": ["level"]}, "/level becomes required"),
        (of(a={"type": "number"}), of(a={"type": "string"}), "/a may no longer be integer, number"),
        (of(a={"type": "number"}), of(a={"type": "integer"}), "/a may no longer be number"),
        (of(a={}), of(a={"type": "string"}), "/a may no longer be of any type"),
        (of(a={"enum": [1, 2]}), of(a={"enum": [1]}), "/a may no longer be 2"),
        (of(a={}), of(a={"enum": [1]}), "/a becomes one of a list"),
        (of(a={"maximum": 9}), of(a={"maximum": 8}), "/a: `maximum` is stricter"),
        (of(a={"minimum": 1}), of(a={"minimum": 2}), "/a: `minimum` is stricter"),
        (of(a={}), of(a={"maxLength": 2}), "/a: `maxLength` is stricter"),
        (of(a={"pattern": "x"}), of(a={"pattern": "y"}), "/a: `pattern` is new or changed"),
        (of(a={"items": {}}), of(a={"items": {"type": "null"}}), "/a/* may no longer be of any type"),
        (of(a={}) | {"additionalProperties": False}, of() | {"additionalProperties": False}, "/a is no longer allowed"),
        (of(), of() | {"additionalProperties": False}, "/(other properties) is no longer allowed"),
        (of(a=of(b={})), of(a=of() | {"required": ["b"]}), "/a/b becomes required"),
    ],
)
def test_names_what_breaks(old: dict[str, Any], new: dict[str, Any], named: str) -> None:
    """Each narrowing is named, with its place."""
    assert named in list(breaking_changes(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (of(), of(a={"type": "string"})),
        (of(a={"type": "integer"}), of(a={"type": ["number", "string"]})),
        (of(a={"enum": [1]}), of(a={"enum": [2, 1]})),
        (of(a={"maximum": 8}), of(a={"maximum": 9})),
        (of(a={"minimum": 2}), of(a={"minimum": 1})),
        (of(a={"pattern": "x"}), of(a={})),
        (of() | {"required": ["a"]}, of()),
        (of() | {"additionalProperties": False}, of(a={})),
        (of(a={"description": "x"}), of(a={"description": "y", "title": "z"})),
    ],
)
def test_lets_widening_through(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Nothing is named when every event of yesterday is still welcome, or only gets a known property."""
    assert list(breaking_changes(old, new)) == []


# A schema comes as JSON, which has no NaN: the one value that is not the same as itself.
@given(st.from_type(dict[str, int]).map(dict), JSON.filter(lambda value: "nan" not in repr(value)))
def test_compares_anything(old: Any, new: Any) -> None:
    """A schema is the same as itself."""
    assert list(breaking_changes(old, old)) == []
    assert list(breaking_changes(new, new)) == []


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"type": "string"},
        {"type": "object", "properties": []},
        {"type": "object", "required": "level"},
        {"type": "object", "properties": {"a": {"$ref": "https://example.com/schema.json"}}},
        {"type": "object", "properties": {"a": {"pattern": "("}}},
        {"type": "object", "description": "x" * 70_000},
    ],
)
def test_refuses_what_is_no_schema(document: Any) -> None:
    """Refused with a reason: what is no schema of an object, leads elsewhere, or is too large."""
    with pytest.raises(EventSchemaInvalid):
        compile_schema(document)
