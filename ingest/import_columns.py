"""From the columns of a table to events.

A column goes to the field of its name, or to the one that a mapping gives it. `properties.x` gathers into the
object `properties`, as does, if the sender wants it, every column that is no field at all.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from ingest.rejections import STAMPED_FIELDS
from ingest.validators import field_names
from schemas.event_types import common_schema
from schemas.imports import ImportOptions, UnknownColumns, UnreadableFileError

OBJECT_FIELDS = ("properties", "consent")
"""Fields that are objects: their members can be columns."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a column's values go: a field of the event, or the member `key` of a field that is an object."""

    field: str
    key: str | None = None


Plan = tuple[Target | None, ...]
"""A target for each column; None leaves the column out."""


def plan_columns(columns: Sequence[str], options: ImportOptions) -> Plan:
    """Decide once for a whole file where each column goes.

    Raises:
        UnreadableFileError: the mapping names a column that is not there, or two columns go to one place.
    """
    missing = options.mapping.keys() - set(columns)
    if missing:
        raise UnreadableFileError(f"The mapping names columns that the file does not have: {_listed(missing)}.")
    plan = tuple(_target(column, number, options) for number, column in enumerate(columns, start=1))
    doubled = [target for target, count in Counter(plan).items() if target and count > 1]
    if doubled:
        names = {f"{target.field}.{target.key}" if target.key is not None else target.field for target in doubled}
        raise UnreadableFileError(f"More than one column goes to: {_listed(names)}. Map all but one elsewhere.")
    return plan


def _target(column: str, number: int, options: ImportOptions) -> Target | None:
    if column in options.mapping:
        field = options.mapping[column]
        if field is None:
            return None
        column = field
    parent, _, member = column.partition(".")
    if parent in OBJECT_FIELDS and member:
        return Target(parent, member)
    # What the platform stamps is refused, with the reason, rather than filed away.
    is_known = column in field_names() or column in STAMPED_FIELDS
    if is_known or options.unknown is UnknownColumns.REJECT:
        return Target(column)
    return Target("properties", column or f"column_{number}")


def event_from(plan: Plan, values: Sequence[Any]) -> dict[str, Any]:
    """Make an event of one row's values; what is null or an empty text is absent."""
    event: dict[str, Any] = {}
    members: dict[str, dict[str, Any]] = {}
    texts = _text_fields()
    for target, value in zip(plan, values, strict=True):
        if target is None or value is None or value == "":
            continue
        if target.key is not None:
            members.setdefault(target.field, {})[target.key] = value
        elif target.field in OBJECT_FIELDS and isinstance(value, str):
            event[target.field] = _parsed(value)
        elif target.field in texts and type(value) is int:
            # Tables keep ids as numbers.
            event[target.field] = str(value)
        else:
            event[target.field] = value
    for field, gathered in members.items():
        own = event.get(field, {})
        # What is no object stays what it is, and is rejected for it.
        event[field] = own | gathered if isinstance(own, dict) else own
    return event


def with_id(event: Any, file_sha256: str, row: int) -> Any:
    """Give an event without an id one that the same row of the same file always gets."""
    if isinstance(event, dict) and not event.get("event_id"):
        digest = hashlib.blake2b(f"{file_sha256}:{row}".encode(), digest_size=16)
        event["event_id"] = digest.hexdigest()
    return event


@cache
def _text_fields() -> frozenset[str]:
    return frozenset(name for name, schema in common_schema()["properties"].items() if schema.get("type") == "string")


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _listed(names: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
