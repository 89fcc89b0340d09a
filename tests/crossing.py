"""Requests that try to cross from one tenant to another, made from a plane's own document for every operation of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from telemetry.clock import utc_now

METHODS = ("get", "post", "put", "patch", "delete")
_PLAUSIBLE = {
    "currency": "EUR",
    "country": "DE",
    "date": "2026-11-01",
    "day": "2026-11-01",
    "cost": "1.50",
    "time_zone": "UTC",
    "tz": "UTC",
    "from": "2026-11-01",
    "to": "2026-11-30",
    "web": "https://example.com",
    "email": "somebody@example.com",
    "role": "viewer",
}
_DEPTH_MAX = 3
_FIELDS_MAX = 8


@dataclass(frozen=True)
class Attack:
    """A request: what it tries, and all that it is made of."""

    operation: str
    tries: str
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None


class Operation:
    """One operation of the document."""

    def __init__(self, document: dict[str, Any], path: str, method: str) -> None:
        self._schemas = document["components"]["schemas"]
        self.path = path
        self.method = method
        self.spec = document["paths"][path][method]
        self.name = self.spec["operationId"]
        self.is_for_users = any("accessToken" in each for each in self.spec.get("security", ()))
        self.is_for_keys = any("writeKey" in each for each in self.spec.get("security", ()))

    def parameters(self, place: str) -> list[dict[str, Any]]:
        """List the parameters of a place (path, query, header) but for the tenant's."""
        found = self.spec.get("parameters", ())
        return [each for each in found if each["in"] == place and each["name"] != "X-Tenant-ID"]

    def attack(self, tries: str, *, strings: dict[tuple[str, ...], str] | None = None, **changes: Any) -> Attack:
        """Make a request with plausible values, but for the paths of strings that are named in the body."""
        names = [each["name"] for each in self.parameters("path")]
        path = self.path.format(**dict.fromkeys(names, "0") | changes.pop("ids", {}))
        content, media = self._content(strings or {})
        headers = {"Content-Type": media} if media else {}
        headers |= changes.pop("headers", {})
        return Attack(self.name, tries, self.method, path, headers=headers, content=content, **changes)

    def _content(self, strings: dict[tuple[str, ...], str]) -> tuple[bytes | None, str]:
        kinds = self.spec.get("requestBody", {}).get("content", {})
        if not kinds:
            return None, ""
        if "application/json" in kinds:
            return orjson.dumps(self._example(kinds["application/json"]["schema"], (), strings)), "application/json"
        return strings.get((), "date,media_source,cost,currency").encode(), next(iter(kinds))

    def string_fields(self) -> list[tuple[str, ...]]:
        """List the strings of the body, by their paths."""
        kinds = self.spec.get("requestBody", {}).get("content", {})
        if "application/json" not in kinds:
            return [()] if kinds else []
        return list(self._strings(kinds["application/json"]["schema"], ()))[:_FIELDS_MAX]

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while True:
            if "$ref" in schema:
                schema = self._schemas[schema["$ref"].rpartition("/")[2]]
            elif "allOf" in schema or "anyOf" in schema or "oneOf" in schema:
                choices = schema.get("allOf") or schema.get("anyOf") or schema.get("oneOf") or []
                schema = next((each for each in choices if each.get("type") != "null"), {})
            else:
                return schema

    def _strings(self, schema: dict[str, Any], at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        schema = self._resolved(schema)
        if schema.get("type") == "string" and "enum" not in schema:
            yield at
        elif len(at) < _DEPTH_MAX:
            for name, each in schema.get("properties", {}).items():
                yield from self._strings(each, (*at, name))
            if "items" in schema:
                yield from self._strings(schema["items"], (*at, "0"))

    def _example(self, schema: dict[str, Any], at: tuple[str, ...], strings: dict[tuple[str, ...], str]) -> Any:
        if at in strings:
            return strings[at]
        schema = self._resolved(schema)
        for name in ("const", "default"):
            if name in schema and not any(path[: len(at)] == at for path in strings):
                return schema[name]
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = kind[0]
        if kind == "array":
            return [self._example(schema.get("items", {}), (*at, "0"), strings)]
        if kind == "object" or "properties" in schema:
            wanted = {*schema.get("required", ()), *(path[len(at)] for path in strings if path[: len(at)] == at)}
            properties = schema.get("properties", {})
            return {
                name: self._example(properties.get(name, {}), (*at, name), strings)
                for name in sorted(wanted)
                if len(at) < _DEPTH_MAX
            }
        return _scalar(kind, schema, at[-1] if at else "")


def _scalar(kind: str | None, schema: dict[str, Any], name: str) -> Any:
    if kind in {"integer", "number"}:
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    if name in _PLAUSIBLE:
        return _PLAUSIBLE[name]
    if schema.get("format") in {"date-time", "date"}:
        return utc_now().isoformat() if schema["format"] == "date-time" else "2026-11-01"
    return schema.get("examples", ["plausible"])[0]


def operations_of(document: dict[str, Any]) -> list[Operation]:
    """List a document's operations."""
    return [
        Operation(document, path, method)
        for path, methods in document["paths"].items()
        for method in METHODS
        if method in methods
    ]


def values_of(document: Any, field_name: re.Pattern[str]) -> dict[str, set[str]]:
    """Gather, by their names, the values of all fields of an answer whose name is such."""
    found: dict[str, set[str]] = {}
    if isinstance(document, dict):
        for name, value in document.items():
            if field_name.search(name) and isinstance(value, str | int) and value != "":
                found.setdefault(name, set()).add(str(value))
    nested = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for each in nested:
        for name, values in values_of(each, field_name).items():
            found.setdefault(name, set()).update(values)
    return found
