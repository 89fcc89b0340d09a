"""The compiled JSON Schemas. Formats are checked, not only noted; those of the package's files are made when needed."""

from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema_rs

from schemas.event_types import EventType, common_schema, event_schema


@cache
def validators() -> dict[str, jsonschema_rs.Draft202012Validator]:
    """Compile every type's schema."""
    return {kind.value: compiled(event_schema(kind)) for kind in EventType}


@cache
def checks() -> dict[str, Callable[[Any], bool]]:
    """Return every type's `is_valid`, bound: the hot path calls nothing else."""
    return {kind: validator.is_valid for kind, validator in validators().items()}


@cache
def common_validator() -> jsonschema_rs.Draft202012Validator:
    """Compile the schema of the shared fields, for events whose type is unknown."""
    return compiled(common_schema())


@cache
def field_names() -> frozenset[str]:
    """Return the names of all fields that an event may have."""
    return frozenset(common_schema()["properties"])


def compiled(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Compile a schema, so that none, a tenant's least of all, can harm a replica.

    Patterns are matched without backtracking: no event can stall it. References lead nowhere outside of the schema.

    Raises:
        jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError: it is no schema.
    """
    return jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, offline=True, pattern_options=jsonschema_rs.RegexOptions()
    )
