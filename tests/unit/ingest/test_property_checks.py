"""A tenant's own schemas, compiled."""

from typing import Any

import pytest

from ingest.property_checks import compile_schema
from schemas.event_schema_problems import EventSchemaInvalid


@pytest.mark.parametrize(
    "wrong", [{"title": "a\0b"}, {"a\0": 1}, {"maximum": 2**70}, {"title": "\ud800"}, {"default": {"x": ["\0"]}}]
)
def test_refuses_what_cannot_be_kept(wrong: dict[str, Any]) -> None:
    """EventSchemaInvalid for a NUL, half a character and a number that no database takes."""
    with pytest.raises(EventSchemaInvalid):
        compile_schema({"type": "object"} | wrong)


def test_takes_a_pattern_that_names_a_nul() -> None:
    """Taken: what only looks like a NUL in JSON."""
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^[^\\u0000]*$"}}}
    assert compile_schema(schema).is_valid({"a": "b"})
