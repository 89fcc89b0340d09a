"""The event schemas are valid, self-contained, and say what the contracts say."""

import json
from datetime import datetime
from importlib.resources import files
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given, settings
from referencing import Registry, Resource

from schemas.event_types import CONVERSION_TYPES, EventType, common_schema, event_schema
from tests.unit.ingest.cases import events, minimal, nearly_events

IDENTITIES = {"device_id", "gaid", "idfa", "idfv", "oaid", "user_id"}


def _source(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files("schemas").joinpath("events", f"{name}.json").read_text())
    return document


def _is_time(value: Any) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


# The reference library leaves the format of times to a package of its own.
FORMATS = jsonschema.FormatChecker(formats=["uuid"])
FORMATS.checks("date-time", raises=ValueError)(_is_time)

SOURCES: Registry[Any] = Registry().with_resource(
    "/schemas/events/common.json", Resource.from_contents(_source("common"))
)


def _keywords(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(_keywords, schema))
    if isinstance(schema, dict):
        return set(schema).union(*map(_keywords, schema.values()))
    return set()


def test_every_type_has_a_file_and_every_file_a_type() -> None:
    """The files are those of the twelve types and the common one."""
    names = {entry.name for entry in files("schemas").joinpath("events").iterdir()}
    assert names == {"common.json", *(f"{kind}.json" for kind in EventType)}


def test_what_is_attributed() -> None:
    """Installs, reinstalls and purchases are attributed to touches, unless a policy says otherwise."""
    assert {"install", "reinstall", "purchase"} == CONVERSION_TYPES


@pytest.mark.parametrize("event_type", EventType)
def test_schemas_are_draft_2020_12(event_type: EventType) -> None:
    """The source and the bundled document both satisfy the draft's own schema."""
    for document in (_source(event_type), event_schema(event_type), common_schema()):
        jsonschema.Draft202012Validator.check_schema(document)
        assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert event_schema(event_type)["$id"] == f"/schemas/events/{event_type}.json"


@pytest.mark.parametrize("event_type", EventType)
def test_bundled_schemas_need_no_retrieval(event_type: EventType) -> None:
    """A bundled schema holds no reference."""
    assert "$ref" not in _keywords(event_schema(event_type))


def test_every_field_is_described_with_an_example_or_its_values() -> None:
    """A reader learns of each field what it means and what it looks like."""
    for name, schema in common_schema()["properties"].items():
        assert schema["description"].endswith("."), name
        assert schema.get("examples") or schema.get("enum"), name


@pytest.mark.parametrize("event_type", EventType)
def test_field_examples_are_valid(event_type: EventType) -> None:
    """An event with every field's example is valid for every type."""
    fields = event_schema(event_type)["properties"]
    examples = {name: schema["examples"][0] for name, schema in fields.items() if "examples" in schema}
    enums = {name: schema["enum"][0] for name, schema in fields.items() if "enum" in schema}
    event = enums | examples | {"event_type": event_type.value}
    assert not list(_fast(event_schema(event_type)).iter_errors(event))


@pytest.mark.parametrize("event_type", EventType)
def test_minimal_events_lack_nothing_and_hold_nothing_more(event_type: EventType) -> None:
    """A type's example is valid, and loses that with each field that its type requires."""
    schema = event_schema(event_type)
    is_valid = _fast(schema).is_valid
    example = minimal(event_type)
    assert is_valid(example)
    for name in schema["required"]:
        assert not is_valid({key: value for key, value in example.items() if key != name}), name


@pytest.mark.parametrize("event_type", [EventType.INSTALL, EventType.REINSTALL])
def test_installs_need_an_identity(event_type: EventType) -> None:
    """Each identity alone is enough for an install; none is too little."""
    is_valid = _fast(event_schema(event_type)).is_valid
    anonymous = {name: value for name, value in minimal(event_type).items() if name not in IDENTITIES}
    assert not is_valid(anonymous)
    for name in IDENTITIES:
        assert is_valid(anonymous | {name: "38400000-8cf0-11bd-b23e-10b96e40000d"})


def test_identify_needs_two_identities() -> None:
    """A user id alone identifies nobody."""
    is_valid = _fast(event_schema(EventType.IDENTIFY)).is_valid
    assert not is_valid({name: value for name, value in minimal(EventType.IDENTIFY).items() if name != "anonymous_id"})


@settings(max_examples=150)
@given(event=events() | nearly_events())
def test_both_validators_and_both_writings_agree(event: dict[str, Any]) -> None:
    """The fast validator, the reference one, and the unbundled source decide alike."""
    event_type = event.get("event_type")
    kind = EventType(event_type) if event_type in list(EventType) else EventType.PURCHASE
    schema = event_schema(kind)
    try:
        fast = _fast(schema).is_valid(event)
    except UnicodeEncodeError:  # a lone surrogate in a name, which the fast validator cannot read
        return
    reference = jsonschema.Draft202012Validator(schema, format_checker=FORMATS)
    source = jsonschema.Draft202012Validator(_source(kind), registry=SOURCES, format_checker=FORMATS)
    assert fast == reference.is_valid(event) == source.is_valid(event)


def _fast(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
