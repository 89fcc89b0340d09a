"""What counts as breaking clients of the last released document: each kind by one change, and what is no break."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from contract.breaking import breaks

Document = dict[str, Any]


def released() -> Document:
    """Make a small document with one of each part."""
    return {
        "paths": {
            "/links": {
                "get": {
                    "operationId": "list_links",
                    "security": [{"token": []}],
                    "parameters": [
                        {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}},
                        {"name": "kind", "in": "query", "schema": {"enum": ["a", "b"]}},
                    ],
                    "responses": {
                        "200": {
                            "headers": {"X-Count": {"schema": {"type": "integer"}}},
                            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}},
                        },
                        "404": {"content": {}},
                    },
                },
                "post": {
                    "operationId": "create_link",
                    "security": [],
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/New"}}}},
                    "responses": {"201": {}},
                },
            }
        },
        "components": {
            "schemas": {
                "New": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "name": {"type": "string"},
                        "sub": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                        "tags": {"type": "array", "items": {"enum": ["x", "y"]}},
                    },
                },
                "Page": {
                    "type": "object",
                    "required": ["data", "parent", "when"],
                    "properties": {
                        "data": {"type": "array", "items": {"enum": ["x", "y"]}},
                        "parent": {"anyOf": [{"$ref": "#/components/schemas/Page"}, {"type": "null"}]},
                        "when": {"type": "string", "format": "date-time"},
                        "note": {"type": "string"},
                    },
                },
            }
        },
    }


def get(document: Document) -> Any:
    return document["paths"]["/links"]["get"]


def post(document: Document) -> Any:
    return document["paths"]["/links"]["post"]


def page(document: Document) -> Any:
    return document["components"]["schemas"]["Page"]


def new(document: Document) -> Any:
    return document["components"]["schemas"]["New"]


def required(name: str) -> Document:
    return {"name": name, "in": "query", "required": True, "schema": {"type": "string"}}


BREAKS: dict[str, Callable[[Document], Any]] = {
    "GET /links: is gone": lambda d: d["paths"].clear(),
    "POST /links: is gone": lambda d: d["paths"]["/links"].pop("post"),
    "GET /links: operationId list_links is now links": lambda d: get(d).update(operationId="links"),
    "GET /links: no longer takes token": lambda d: get(d).update(security=[{"key": []}]),
    "POST /links: needs credentials now": lambda d: post(d).update(security=[{"token": []}]),
    "GET /links: parameter day is required now": lambda d: get(d)["parameters"].append(required("day")),
    "GET /links: parameter limit is required now": lambda d: get(d)["parameters"][0].update(required=True),
    "GET /links: parameter limit is gone": lambda d: get(d)["parameters"].pop(0),
    "GET /links: parameter limit has maximum 50 now": lambda d: get(d)["parameters"][0]["schema"].update(maximum=50),
    "GET /links: parameter limit can be integer where string is understood": lambda d: get(d)["parameters"][0].update(
        schema={"type": "string"}
    ),
    "GET /links: parameter kind can be b, which is not understood": lambda d: get(d)["parameters"][1].update(
        schema={"enum": ["a", "c"]}
    ),
    "POST /links: body is required now": lambda d: post(d)["requestBody"].update(required=True),
    "POST /links: takes no body any more": lambda d: post(d).pop("requestBody"),
    "POST /links: body: application/json is gone": lambda d: post(d)["requestBody"].update(content={"text/csv": {}}),
    "POST /links: body: sub is required now": lambda d: new(d)["required"].append("sub"),
    "POST /links: body: sub is gone": lambda d: new(d)["properties"].pop("sub"),
    "POST /links: body: sub can be null where string is understood": lambda d: new(d)["properties"].update(
        sub={"type": "string"}
    ),
    "POST /links: body: tags[] can be y, which is not understood": lambda d: new(d)["properties"]["tags"].update(
        items={"enum": ["x"]}
    ),
    "POST /links: body: name must match ^a now": lambda d: new(d)["properties"]["name"].update(pattern="^a"),
    "POST /links: body: name has minLength 2 now": lambda d: new(d)["properties"]["name"].update(minLength=2),
    "POST /links: body: name can be more than a": lambda d: new(d)["properties"]["name"].update(enum=["a"]),
    "POST /links: body: name can be without the format date": lambda d: new(d)["properties"]["name"].update(
        format="date"
    ),
    "POST /links: body: it takes no other fields any more": lambda d: new(d).update(additionalProperties=False),
    "POST /links: answer 201 is gone": lambda d: post(d).update(responses={"200": {}}),
    "GET /links: answer 200: header X-Count is gone": lambda d: get(d)["responses"]["200"].pop("headers"),
    "GET /links: answer 200: application/json is gone": lambda d: get(d)["responses"]["200"].pop("content"),
    "GET /links: answer 200: note is gone": lambda d: page(d)["properties"].pop("note"),
    "GET /links: answer 200: data may be missing now": lambda d: page(d)["required"].remove("data"),
    "GET /links: answer 200: note can be null where string is understood": lambda d: page(d)["properties"].update(
        note={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "GET /links: answer 200: data[] can be z, which is not understood": lambda d: page(d)["properties"]["data"].update(
        items={"enum": ["x", "y", "z"]}
    ),
    "GET /links: answer 200: when can be without the format date-time": lambda d: page(d)["properties"].update(
        when={"type": "string"}
    ),
}

NO_BREAKS: dict[str, Callable[[Document], Any]] = {
    "nothing": lambda _: None,
    "a new path": lambda d: d["paths"].update({"/costs": d["paths"]["/links"]}),
    "a new optional parameter": lambda d: get(d)["parameters"].append(required("day") | {"required": False}),
    "another way to say who calls": lambda d: get(d)["security"].append({"key": []}),
    "credentials needed no longer": lambda d: get(d).update(security=[]),
    "a wider bound": lambda d: get(d)["parameters"][0]["schema"].update(maximum=1_000),
    "one more word that may be sent": lambda d: get(d)["parameters"][1]["schema"]["enum"].append("c"),
    "integers become numbers": lambda d: get(d)["parameters"][0]["schema"].update(type="number"),
    "a field that may be sent": lambda d: new(d)["properties"].update(note={"type": "string"}),
    "a field that must be sent no longer": lambda d: new(d).update(required=[]),
    "a field that is answered": lambda d: page(d)["properties"].update(count={"type": "integer"}),
    "fewer words are answered": lambda d: page(d)["properties"]["data"].update(items={"enum": ["x"]}),
    "a tighter bound of what is answered": lambda d: page(d)["properties"]["note"].update(maxLength=5),
    "another way to be refused": lambda d: get(d)["responses"].update({"409": {}}),
    "a way to be refused less": lambda d: get(d)["responses"].pop("404"),
    "null is answered no longer": lambda d: page(d)["properties"].update(parent={"$ref": "#/components/schemas/Page"}),
}


@pytest.mark.parametrize("said", BREAKS)
def test_breaks(said: str) -> None:
    """The change is refused in these words."""
    document = deepcopy(released())
    BREAKS[said](document)
    assert said in map(str, breaks(released(), document))


@pytest.mark.parametrize("change", NO_BREAKS)
def test_no_breaks(change: str) -> None:
    """The change breaks nobody."""
    document = deepcopy(released())
    NO_BREAKS[change](document)
    assert breaks(released(), document) == []


def test_a_break_is_said_once() -> None:
    """A schema that holds itself is gone through once."""
    document = deepcopy(released())
    page(document)["properties"].pop("note")
    assert list(map(str, breaks(released(), document))) == ["GET /links: answer 200: note is gone"]
