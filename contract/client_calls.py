"""Makes the client's methods from a document: one for each call whose answer is JSON or nothing.

What the client does by hand (sending events, logging in, following streams) and what only browsers and SDKs call is
left out.
"""

import keyword
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contract.client_models import model_names
from contract.documents import Document

_BY_HAND = frozenset({"ingest_events", "follow_events", "log_in", "refresh_session", "log_out"})
_REPEATABLE = frozenset({"create_import", "upload_costs", "upload_rates", "preview_fraud"})
"""POSTs that may be carried out twice: the second one changes nothing."""

_PLACES = ("/api/v1/", "/config.json", "/schemas/")
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "object": "dict[str, Any]"}
_DATES = {"date": "date", "date-time": "datetime"}


@dataclass(frozen=True, slots=True)
class _Method:
    """One call as Python: its parameters with their types, its address, and what is passed on to `_call`."""

    name: str
    summary: str
    verb: str
    path: str
    answer: str
    required: list[str]
    optional: list[str]
    query: list[str]
    passed: list[str]


def calls(document: Document, class_name: str, models_module: str, header: str) -> str:
    """Write the module with a document's calls, as methods of one class."""
    written = [text for method in _methods(document) for text in _written(method, document)]
    body = "\n\n".join(textwrap.indent(text, "    ") for text in written)
    imports = [
        _import(body, "collections.abc", "AsyncIterator", "Mapping"),
        _import(body, "datetime", "date", "datetime"),
        _import(body, "typing", "Any", "Literal"),
        "from unmogrow.client.caller import Caller",
        _import(body, "unmogrow.client.caller", "Body", "pages", "segment"),
        _import(body, f"unmogrow.client.{models_module}", *sorted(model_names(document))),
        _import(body, "unmogrow.client.transport", "Content"),
    ]
    head = "\n".join(filter(None, imports))
    return f'{header}\n\n{head}\n\n\nclass {class_name}(Caller):\n    """The calls of this plane."""\n\n{body}\n'


def _import(body: str, module: str, *names: str) -> str:
    """Import those of the names that a text has."""
    used = [name for name in names if re.search(rf"\b{name}\b", body)]
    return f"from {module} import {', '.join(used)}" if used else ""


def _methods(document: Document) -> Iterator[_Method]:
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            answer = _answer_type(operation, document)
            if operation["operationId"] not in _BY_HAND and path.startswith(_PLACES) and answer is not None:
                yield _method(document, path, verb, operation, answer)


def _method(document: Document, path: str, verb: str, operation: dict[str, Any], answer: str) -> _Method:
    parameters = [each for each in operation.get("parameters", ()) if each["in"] in {"path", "query"}]
    required, optional, query = [], [], []
    for each in parameters:
        name, kind = _python_name(each["name"]), _type(each["schema"], document)
        if each["in"] == "query":
            query.append(f'"{each["name"]}": {name}')
        if each.get("required"):
            required.append(f"{name}: {kind}")
        else:
            optional.append(f"{name}: {kind} | None = None")
    sent, passed = _body(operation)
    passed += ["is_repeatable=True"] if operation["operationId"] in _REPEATABLE else []
    return _Method(
        name=operation["operationId"],
        summary=f"{operation['summary']}.",
        verb=verb.upper(),
        path=re.sub(r"{(\w+)}", lambda found: f"{{segment({_python_name(found[1])})}}", path),
        answer=answer,
        required=[*required, *sent],
        optional=optional,
        query=query,
        passed=passed,
    )


def _body(operation: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Say how a call takes its body: parameters, and arguments of `_call`."""
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return [], []
    if "application/json" not in content:
        return ["content: Content"], ["content=content", f'media_type="{next(iter(content))}"']
    _, _, name = content["application/json"]["schema"].get("$ref", "").rpartition("/")
    return [f"body: {name} | Mapping[str, Any]" if name else "body: Body"], ["body=body"]


def _answer_type(operation: dict[str, Any], document: Document) -> str | None:
    """Name the type of what a call answers; None if it is neither JSON nor nothing."""
    status, answer = next(iter(operation["responses"].items()))
    if not status.startswith("2"):
        return None
    content = answer.get("content", {})
    if not content:
        return "None"
    json = content.get("application/json")
    return _type(json["schema"], document) if json else None


def _type(schema: dict[str, Any], document: Document) -> str:
    if "$ref" in schema:
        *_, name = schema["$ref"].split("/")
        target = document["components"]["schemas"][name]
        return _type(target, document) if "enum" in target else name
    if "anyOf" in schema:
        kinds = [_type(each, document) for each in schema["anyOf"] if each.get("type") != "null"]
        return " | ".join(dict.fromkeys(kinds))
    words = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if words:
        return f"Literal[{', '.join(map(_literal, words))}]"
    if schema.get("type") == "array":
        return f"list[{_type(schema.get('items', {}), document)}]"
    return _DATES.get(schema.get("format", "")) or _PLAIN.get(schema.get("type", ""), "Any")


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _python_name(name: str) -> str:
    plain = name.replace("-", "_").lower()
    return f"{plain}_" if keyword.iskeyword(plain) else plain


def _written(method: _Method, document: Document) -> Iterator[str]:
    """Write a call, and for a list that comes in pages the iteration over all of them."""
    signature = ", ".join(["self", *method.required, *(["*", *method.optional] if method.optional else [])])
    path = f'f"{method.path}"' if "{" in method.path else f'"{method.path}"'
    query = [f"query={{{', '.join(method.query)}}}"] if method.query else []
    given = ", ".join([method.answer, f'"{method.verb}"', path, *query, *method.passed])
    is_answered = method.answer != "None"
    yield (
        f"async def {method.name}({signature}) -> {method.answer}:\n"
        f'    """{method.summary}"""\n'
        + (f"    answer: {method.answer} = await self._call({given})\n    return answer" if is_answered else "")
        + (f"    await self._call({given})" if not is_answered else "")
    )
    page = document["components"]["schemas"].get(method.answer, {}).get("properties", {})
    if "next_cursor" in page and any(each.startswith("cursor:") for each in method.optional):
        yield _iteration(method, _type(page["data"]["items"], document))


def _iteration(method: _Method, row: str) -> str:
    options = [each for each in method.optional if not each.startswith("cursor:")]
    signature = ", ".join(["self", *method.required, *(["*", *options] if options else [])])
    names = [each.partition(":")[0] for each in (*method.required, *options)]
    positional, named = names[: len(method.required)], names[len(method.required) :]
    given = ", ".join([*positional, "cursor=cursor", *(f"{name}={name}" for name in named)])
    return (
        f"def iter_{method.name.removeprefix('list_')}({signature}) -> AsyncIterator[{row}]:\n"
        f'    """Give every row of `{method.name}`, page by page."""\n'
        f"    return pages(lambda cursor: self.{method.name}({given}))"
    )
