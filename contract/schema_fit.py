"""Says which values of one JSON Schema another does not take, as far as OpenAPI documents of ours use the language."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from operator import gt, lt
from typing import Any

Schema = dict[str, Any]

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


class Side(Enum):
    """Who makes the values: clients send by the old document, the platform answers by the new one."""

    SENT = "sent"
    ANSWERED = "answered"


@dataclass(slots=True)
class Documents:
    """The two documents, in which references are looked up; pairs of references under comparison are kept."""

    old: dict[str, Any]
    new: dict[str, Any]
    compared: set[tuple[str, str, Side]] = field(default_factory=set)


def misfits(documents: Documents, side: Side, old: Schema, new: Schema, where: str) -> Iterator[str]:
    """Say what of the new schema breaks a client of the old one, each with the path to the field."""
    for made in _alternatives(old if side is Side.SENT else new):
        tries = [
            list(_referred(documents, side, made, taken, where))
            for taken in _alternatives(new if side is Side.SENT else old)
        ]
        # What fits best says what is wrong.
        yield from min(tries, key=lambda found: (len(found), found))


def _referred(documents: Documents, side: Side, made: Schema, taken: Schema, where: str) -> Iterator[str]:
    """Compare what two schemas refer to, or the two themselves."""
    if "$ref" not in made and "$ref" not in taken:
        yield from _misfits(documents, side, made, taken, where)
        return
    # Schemas may hold themselves; a pair that is being compared has nothing new to say within itself.
    pair = (made.get("$ref", ""), taken.get("$ref", ""), side)
    if all(pair[:2]) and pair in documents.compared:
        return
    documents.compared.add(pair)
    old, new = (made, taken) if side is Side.SENT else (taken, made)
    yield from misfits(documents, side, _resolved(documents.old, old), _resolved(documents.new, new), where)
    documents.compared.discard(pair)


def _resolved(document: dict[str, Any], schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    *_, name = schema["$ref"].split("/")
    resolved: Schema = document["components"]["schemas"][name]
    return resolved


def _misfits(documents: Documents, side: Side, made: Schema, taken: Schema, where: str) -> Iterator[str]:
    name = where or "it"
    kind = _type_misfit(made, taken) or _value_misfit(made, taken)
    if kind:
        yield f"{name} {kind}"
        return
    if side is Side.SENT:
        yield from (f"{name} {what}" for what in _bound_misfits(made, taken))
    old, new = (made, taken) if side is Side.SENT else (taken, made)
    before, after = old.get("properties", {}), new.get("properties", {})
    for gone in sorted(before.keys() - after.keys()):
        yield f"{_within(where, gone)} is gone"
    may_be_missing = set(taken.get("required", ())) - set(made.get("required", ()))
    for needed in sorted(may_be_missing & (after.keys() if side is Side.SENT else before.keys() & after.keys())):
        yield f"{_within(where, needed)} " + ("is required now" if side is Side.SENT else "may be missing now")
    if side is Side.SENT and _is_closed(taken) and not _is_closed(made):
        yield f"{name} takes no other fields any more"
    for field_name in (each for each in before if each in after):
        yield from misfits(documents, side, before[field_name], after[field_name], _within(where, field_name))
    for keyword, suffix in (("items", "[]"), ("additionalProperties", "{}")):
        parts = old.get(keyword), new.get(keyword)
        if isinstance(parts[0], dict) and isinstance(parts[1], dict):
            yield from misfits(documents, side, parts[0], parts[1], f"{where}{suffix}")


def _alternatives(schema: Schema) -> list[Schema]:
    """Part a schema into those of one type each: a value fits it if it fits one of them."""
    assert "allOf" not in schema, "the routes' models make none"
    either = schema.get("anyOf") or schema.get("oneOf")
    if either:
        return [found for each in either for found in _alternatives(each)]
    if isinstance(schema.get("type"), list):
        return [schema | {"type": each} for each in schema["type"]]
    return [schema]


def _type_misfit(made: Schema, taken: Schema) -> str | None:
    made_type, taken_type = made.get("type"), taken.get("type")
    if taken_type is None or made_type == taken_type or (made_type, taken_type) == ("integer", "number"):
        return _format_misfit(made, taken)
    return f"can be {made_type or 'anything'} where {taken_type} is understood"


def _format_misfit(made: Schema, taken: Schema) -> str | None:
    if taken.get("format") in {None, made.get("format")}:
        return None
    return f"can be without the format {taken['format']}"


def _value_misfit(made: Schema, taken: Schema) -> str | None:
    made_values, taken_values = _values(made), _values(taken)
    if taken_values is None:
        return None
    if made_values is None:
        return f"can be more than {', '.join(map(str, taken_values))}"
    others = [str(value) for value in made_values if value not in taken_values]
    return f"can be {', '.join(others)}, which is not understood" if others else None


def _values(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _bound_misfits(made: Schema, taken: Schema) -> Iterator[str]:
    if taken.get("pattern") not in {None, made.get("pattern")}:
        yield f"must match {taken['pattern']} now"
    for keywords, is_tighter in ((_LOWER, gt), (_UPPER, lt)):
        for keyword in keywords:
            if keyword in taken and (keyword not in made or is_tighter(taken[keyword], made[keyword])):
                yield f"has {keyword} {taken[keyword]} now"


def _is_closed(schema: Schema) -> bool:
    return schema.get("additionalProperties") is False


def _within(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
