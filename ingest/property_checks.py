"""A tenant's own schemas, compiled: what they say of the properties of its in-app events."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from jsonschema_rs import Draft202012Validator, ReferencingError, ValidationError

from ingest.rejections import strings_in
from ingest.validators import compiled
from schemas.event_schema_problems import EventSchemaInvalid
from schemas.limits import EVENT_SCHEMA_BYTES_MAX

_DETAIL_CHARS_MAX = 300


@dataclass(frozen=True, slots=True)
class PropertyCheck:
    """The newest schema of one event name; `name` says which: `level_up@3`.

    If it `rejects`, an event that violates it becomes a dead letter; if not, the event is stored with a mark.
    """

    name: str
    rejects: bool
    validator: Draft202012Validator

    def violations(self, properties: Any) -> Iterator[tuple[str, str]]:
        """Name what is wrong: JSON Pointer into the event, and why."""
        for error in self.validator.iter_errors(properties):
            pointer = "".join(f"/{part}".replace("\n", " ") for part in ("properties", *error.instance_path))
            yield pointer, f"{error.message[:_DETAIL_CHARS_MAX]} (schema {self.name})"


def compile_schema(document: Any) -> Draft202012Validator:
    """Compile the schema of an event's properties.

    Raises:
        EventSchemaInvalid: it is none, it is too large, or it does not describe an object.
    """
    if not isinstance(document, dict) or document.get("type") != "object":
        raise EventSchemaInvalid('A schema of properties must be a JSON object with `"type": "object"`.')
    try:
        text = orjson.dumps(document)
    except orjson.JSONEncodeError as error:
        raise EventSchemaInvalid(str(error)[:_DETAIL_CHARS_MAX]) from error
    if any("\0" in part for part in strings_in(document)):
        raise EventSchemaInvalid("The schema holds a NUL character, which cannot be stored.")
    if len(text) > EVENT_SCHEMA_BYTES_MAX:
        raise EventSchemaInvalid(f"The schema has more than {EVENT_SCHEMA_BYTES_MAX} bytes.")
    try:
        return compiled(document)
    except (ValidationError, ReferencingError, ValueError) as error:
        raise EventSchemaInvalid(str(error)[:_DETAIL_CHARS_MAX]) from error
