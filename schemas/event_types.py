"""Event types, and the JSON Schema of each.

The files under `events/` are written for people: what all types share stands once, in
`common.json`. Validators and clients get one self-contained document a type, made here.
"""

import hashlib
import json
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any


class EventType(StrEnum):
    """What can happen."""

    IMPRESSION = "impression"
    CLICK = "click"
    INSTALL = "install"
    REINSTALL = "reinstall"
    SESSION = "session"
    IN_APP = "in_app"
    PURCHASE = "purchase"
    AD_REVENUE = "ad_revenue"
    IDENTIFY = "identify"
    CONSENT = "consent"
    UNINSTALL = "uninstall"
    SKAN_POSTBACK = "skan_postback"


CONVERSION_TYPES = frozenset({EventType.INSTALL, EventType.REINSTALL, EventType.PURCHASE})
"""Events that are attributed to a touch unless a tenant's policy says otherwise."""


@cache
def event_schema(event_type: EventType) -> dict[str, Any]:
    """Build the self-contained schema (draft 2020-12) of one event type.

    It needs no retrieval: the shared fields and their definitions are written out. Always the
    same object is returned; treat it as read-only.
    """
    own = _document(event_type)
    common = common_schema()
    narrowed = own.pop("properties")
    required = [*common["required"], *own.pop("required", ())]
    del own["$ref"], own["unevaluatedProperties"]
    fields = {name: schema | narrowed.get(name, {}) for name, schema in common["properties"].items()}
    return own | {"type": "object", "required": required, "properties": fields, "additionalProperties": False}


@cache
def schema_version() -> str:
    """Name the schemas' present content: 12 hexadecimal digits, other ones after any change."""
    text = json.dumps([event_schema(kind) for kind in EventType], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def common_schema() -> dict[str, Any]:
    """Build the schema of the fields that every event type shares, definitions written out; read-only."""
    common = _document("common")
    definitions = common.pop("$defs")
    common["properties"] = {
        name: dict(_written_out(schema, definitions)) for name, schema in common["properties"].items()
    }
    return common | {"additionalProperties": False}


def _written_out(schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for keyword, value in schema.items():
        if keyword == "$ref":
            yield from definitions[value.removeprefix("#/$defs/")].items()
        else:
            yield keyword, value


def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files("schemas").joinpath("events", f"{name}.json").read_text("utf-8"))
    return document
