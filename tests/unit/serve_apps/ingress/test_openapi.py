"""The document that clients are made from: an example for everything, each of them valid, and links."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from serve_apps.ingress.app import create_app
from serve_apps.ingress.openapi import Examples

Json = dict[str, Any]
BINARY = ("application/octet-stream", "image/", "application/x-pem-file", "text/event-stream", "application/zip")


@pytest.fixture(scope="module")
def document() -> Json:
    # The document says what the routes are, not who does the work.
    return create_app(None).openapi()  # type: ignore[arg-type]


def operations(document: Json) -> list[tuple[str, Json]]:
    return [(f"{method} {path}", one) for path, item in document["paths"].items() for method, one in item.items()]


def contents(operation: Json) -> list[tuple[str, str, Json]]:
    """Where, media type and body of everything that goes in or out."""
    found = [("request", media, body) for media, body in operation.get("requestBody", {}).get("content", {}).items()]
    for status, response in operation["responses"].items():
        found += [(status, media, body) for media, body in response.get("content", {}).items()]
    return found


def test_every_body_has_an_example_that_its_schema_allows(document: Json) -> None:
    wrong, shown = [], 0
    for name, operation in operations(document):
        for where, media, body in contents(operation):
            if media.startswith(BINARY):
                continue
            if "example" not in body:
                wrong.append(f"{name} {where} {media}: none")
                continue
            shown += 1
            schema = {**body.get("schema", {}), "components": document["components"]}
            found = [error.message for error in Draft202012Validator(schema).iter_errors(body["example"])]
            wrong += [f"{name} {where}: {message}" for message in found]
    assert wrong == []
    assert shown > 300


def test_every_parameter_has_an_example(document: Json) -> None:
    bare = [
        f"{name} {parameter['name']}"
        for name, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if "example" not in parameter and "examples" not in parameter
    ]
    assert bare == []


def test_no_example_is_made_up_by_type(document: Json) -> None:
    """A placeholder says that the table lacks a name."""
    made_up = [
        f"{name} {where} {path}"
        for name, operation in operations(document)
        for where, _, body in contents(operation)
        for path, value in leaves(body.get("example"), "")
        if value == "text"
    ]
    assert made_up == []


def leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for name, each in value.items() for leaf in leaves(each, f"{path}.{name}")]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each, f"{path}[]")]
    return [(path, value)]


def test_references_lead_somewhere_and_names_are_unique(document: Json) -> None:
    known, names = document["components"]["schemas"], [one["operationId"] for _, one in operations(document)]
    assert len(names) == len(set(names))
    broken = [ref for ref in references(document) if ref.removeprefix("#/components/schemas/") not in known]
    assert broken == []


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [ref for each in value.values() for ref in references(each)]
    return [ref for each in value for ref in references(each)] if isinstance(value, list) else []


def test_links_lead_from_what_was_made_to_what_can_be_done_with_it(document: Json) -> None:
    links = document["paths"]["/v1/trainings"]["post"]["responses"]["202"]["links"]
    assert {one["operationId"] for one in links.values()} == {"trainings.read_training", "trainings.cancel_training"}
    assert links["trainings_read_training"]["parameters"] == {"training_id": "$response.body#/id"}
    uploaded = document["paths"]["/v1/uploads"]["post"]["responses"]["201"]["links"]
    assert "$response.body#/data/0/id" in {one["parameters"]["artifact_id"] for one in uploaded.values()}


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        ({"type": "string", "examples": ["a", "b"]}, "a"),
        ({"const": 3}, 3),
        ({"enum": ["x", "y"]}, "x"),
        ({"anyOf": [{"type": "null"}, {"type": "string", "examples": ["c"]}]}, "c"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/One"}}, [{"id": "one", "deep": {"size": 183204}}]),
        ({"type": "string", "format": "date"}, "2026-01-31"),
        ({"type": "boolean", "default": False}, False),
    ],
)
def test_how_an_example_is_put_together(schema: Json, example: Any) -> None:
    size = {"type": "object", "properties": {"size": {"type": "integer"}}}
    one = {"type": "object", "properties": {"id": {"type": "string", "examples": ["one"]}, "deep": size}}
    assert Examples({"One": one}).of(schema) == example
