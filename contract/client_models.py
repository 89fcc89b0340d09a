"""Makes the client's models from a document: what may be sent and what is answered, as pydantic classes.

The platform checks what it is sent and says what is wrong in words. So the models keep the fields and their types, and
leave out lengths, patterns and bounds, of which the client would speak less well, and which may widen later.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson

from contract.documents import Document

_CHECKS = frozenset(
    {"title", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
    | {"minItems", "maxItems", "minProperties", "maxProperties", "not", "allOf", "if", "then", "examples"}
)
_FORMATS_KEPT = frozenset({"date", "date-time"})
_OWN = frozenset({"Problem", "Event"})
"""What the client has words of its own for: exceptions, and JSON objects of any kind."""
_NAMED = ("properties", "$defs")
_GENERATOR = (
    *("--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel"),
    *("--base-class", "unmogrow.client.shape.Shape", "--target-python-version", "3.11"),
    *("--enum-field-as-literal", "all", "--collapse-root-models", "--strict-nullable", "--snake-case-field"),
    *("--use-standard-collections", "--use-union-operator", "--use-annotated"),
    *(
        "--use-schema-description",
        "--use-field-description",
        "--use-single-line-docstring",
        "--disable-timestamp",
        "--use-double-quotes",
    ),
    *("--formatters", "builtin", "--custom-file-header"),
)


def model_names(document: Document) -> set[str]:
    """Name the schemas of a document that become classes: those of a few words are written out where they occur."""
    return {name for name, each in document["components"]["schemas"].items() if "enum" not in each} - _OWN


def models(document: Document, header: str) -> str:
    """Write the module of a document's models."""
    schemas = document["components"]["schemas"]
    words = {f"#/components/schemas/{name}": each["enum"] for name, each in schemas.items() if "enum" in each}
    classes = {name: _lenient(schemas[name], words) for name in sorted(model_names(document))}
    lenient = document | {"paths": {}, "components": {"schemas": classes}}
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "document.json"), Path(folder, "models.py")
        source.write_bytes(orjson.dumps(lenient))
        command = (sys.executable, "-m", "datamodel_code_generator", *_GENERATOR, header)
        subprocess.run([*command, "--input", source, "--output", target], check=True)
        return target.read_text(encoding="utf-8")


def _lenient(schema: Any, words: dict[str, list[str]]) -> Any:
    if isinstance(schema, list):
        return [_lenient(each, words) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("$ref") in words:
        return {name: value for name, value in schema.items() if name != "$ref"} | {"enum": words[schema["$ref"]]}
    kept = {keyword: value for keyword, value in schema.items() if not _is_check(keyword, value)}
    return {keyword: _part(keyword, value, words) for keyword, value in kept.items()}


def _part(keyword: str, value: Any, words: dict[str, list[str]]) -> Any:
    if keyword in _NAMED:
        return {name: _lenient(each, words) for name, each in value.items()}
    return value if keyword in {"enum", "const", "default"} else _lenient(value, words)


def _is_check(keyword: str, value: Any) -> bool:
    return (
        keyword in _CHECKS
        # What is left out is not sent: the platform fills it in.
        or (keyword == "default" and isinstance(value, dict))
        or (keyword == "format" and value not in _FORMATS_KEPT)
        or (keyword == "additionalProperties" and value is False)
    )
