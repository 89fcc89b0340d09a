"""Finds what a client of the last released document would break on.

One question is asked of every pair of schemas: is there a value of the one that the other does not take? What a client
may send by the old document, the new one must take; what the new one answers, the old one must have promised. So the
same comparison serves requests and answers, with the two documents in opposite places.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contract.schema_fit import Documents, Side, misfits

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_FAILURES_FROM = "4"
"""Statuses that begin so, or higher, are refusals: a client must expect any of them."""

Operation = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that breaks clients: the operation, and what became of which part of it."""

    operation: str
    what: str

    def __str__(self) -> str:
        """Say it in a line: what acceptances quote."""
        return f"{self.operation}: {self.what}"


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[Break]:
    """List what breaks clients of `old` (OpenAPI 3.1 documents), in the order of its paths; each once."""
    documents = Documents(old, new)
    found = [
        Break(name, what)
        for name, before, after in _operations(old, new)
        for what in (_operation(documents, before, after) if after is not None else ("is gone",))
    ]
    return list(dict.fromkeys(found))


def _operations(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, Operation, Operation | None]]:
    for path, methods in old["paths"].items():
        for method in _METHODS:
            if method in methods:
                yield f"{method.upper()} {path}", methods[method], new["paths"].get(path, {}).get(method)


def _operation(documents: Documents, old: Operation, new: Operation) -> Iterator[str]:
    if old["operationId"] != new["operationId"]:
        yield f"operationId {old['operationId']} is now {new['operationId']}"
    yield from _security(old, new)
    yield from _parameters(documents, old, new)
    yield from _body(documents, old.get("requestBody"), new.get("requestBody"))
    for status, answer in old["responses"].items():
        if status < _FAILURES_FROM:
            yield from _answer(documents, status, answer, new["responses"].get(status))


def _security(old: Operation, new: Operation) -> Iterator[str]:
    before, after = ([frozenset(each) for each in operation.get("security", ())] for operation in (old, new))
    if not before and after:
        yield "needs credentials now"
    elif after:
        for gone in (schemes for schemes in before if schemes not in after):
            yield f"no longer takes {' with '.join(sorted(gone))}"


def _parameters(documents: Documents, old: Operation, new: Operation) -> Iterator[str]:
    before, after = (
        {(each["in"], each["name"]): each for each in operation.get("parameters", ())} for operation in (old, new)
    )
    for place, parameter in after.items():
        if parameter.get("required") and not before.get(place, {}).get("required"):
            yield f"parameter {place[1]} is required now"
    for place, parameter in before.items():
        if place not in after:
            yield f"parameter {place[1]} is gone"
            continue
        schemas = parameter.get("schema", {}), after[place].get("schema", {})
        yield from (f"parameter {what}" for what in misfits(documents, Side.SENT, *schemas, where=place[1]))


def _body(documents: Documents, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[str]:
    if new is None:
        if old is not None:
            yield "takes no body any more"
        return
    if new.get("required") and not (old or {}).get("required"):
        yield "body is required now"
    if old is not None:
        yield from _content(documents, Side.SENT, "body", old.get("content", {}), new.get("content", {}))


def _answer(documents: Documents, status: str, old: dict[str, Any], new: dict[str, Any] | None) -> Iterator[str]:
    if new is None:
        yield f"answer {status} is gone"
        return
    yield from _content(documents, Side.ANSWERED, f"answer {status}", old.get("content", {}), new.get("content", {}))
    for header in sorted(old.get("headers", {}).keys() - new.get("headers", {}).keys()):
        yield f"answer {status}: header {header} is gone"


def _content(documents: Documents, side: Side, part: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for media_type, kind in old.items():
        if media_type not in new:
            yield f"{part}: {media_type} is gone"
            continue
        schemas = kind.get("schema", {}), new[media_type].get("schema", {})
        yield from (f"{part}: {what}" for what in misfits(documents, side, *schemas, where=""))
