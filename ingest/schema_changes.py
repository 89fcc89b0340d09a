"""What a new version of a tenant's schema would refuse that the old one takes.

A comparison by keyword, after the rules that schema registries call backward compatibility. It names every narrowing
it can see; what it cannot compare (combinators, references) counts as one when it was changed.
"""

from collections.abc import Iterator
from typing import Any

_LOWER_BOUNDS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_UPPER_BOUNDS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_OPAQUE = frozenset(
    {
        "$ref", "$dynamicRef", "$defs", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "pattern", "format",
        "multipleOf", "const", "uniqueItems", "contains", "prefixItems", "patternProperties", "propertyNames",
        "dependentRequired", "dependentSchemas", "unevaluatedProperties", "unevaluatedItems",
    }
)  # fmt: skip


def breaking_changes(old: Any, new: Any, pointer: str = "") -> Iterator[str]:
    """Name each change by which a value that `old` takes could fail under `new`."""
    if old == new or new is True:
        return
    if old is False or not isinstance(new, dict):
        if old is not False:
            yield f"{pointer or '/'} is no longer allowed"
        return
    old = old if isinstance(old, dict) else {}
    where = pointer or "/"
    yield from _narrowed_values(old, new, where)
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{pointer}/{name} becomes required"
    for keyword in sorted(_OPAQUE & new.keys()):
        if new[keyword] != old.get(keyword):
            yield f"{where}: `{keyword}` is new or changed"
    if "items" in new:
        yield from breaking_changes(old.get("items", True), new["items"], f"{pointer}/*")
    yield from _narrowed_properties(old, new, pointer)


def _narrowed_values(old: dict[str, Any], new: dict[str, Any], where: str) -> Iterator[str]:
    if "type" in new and (lost := _types(old) - _types(new)):
        yield f"{where} may no longer be {', '.join(sorted(lost)) if 'type' in old else 'of any type'}"
    if "enum" in new:
        lost_values = [value for value in old.get("enum", ()) if value not in new["enum"]]
        if "enum" not in old:
            yield f"{where} becomes one of a list"
        elif lost_values:
            yield f"{where} may no longer be {', '.join(map(repr, lost_values))}"
    for keyword in sorted((_LOWER_BOUNDS | _UPPER_BOUNDS) & new.keys()):
        bound, before = new[keyword], old.get(keyword)
        if before is None or (bound > before if keyword in _LOWER_BOUNDS else bound < before):
            yield f"{where}: `{keyword}` is stricter"


def _narrowed_properties(old: dict[str, Any], new: dict[str, Any], pointer: str) -> Iterator[str]:
    old_rest, new_rest = old.get("additionalProperties", True), new.get("additionalProperties", True)
    old_known, new_known = old.get("properties", {}), new.get("properties", {})
    for name, schema in old_known.items():
        yield from breaking_changes(schema, new_known.get(name, new_rest), f"{pointer}/{name}")
    # A property that becomes known may have been sent before in any shape; registering it is what schemas are for.
    yield from breaking_changes(old_rest, new_rest, f"{pointer}/(other properties)")


def _types(schema: dict[str, Any]) -> set[str]:
    kinds = schema.get("type", ["object", "array", "string", "number", "integer", "boolean", "null"])
    found = {kinds} if isinstance(kinds, str) else set(kinds)
    return found | {"integer"} if "number" in found else found
