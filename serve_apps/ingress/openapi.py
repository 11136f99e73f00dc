"""The OpenAPI document: what FastAPI writes, with an example for everything and links from what is made to what can be
done with it."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from http import HTTPStatus
from importlib import resources
from tomllib import loads
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from serve_apps.ingress.schemas.common import ProblemDocument

Json = dict[str, Any]

_METHODS = ("get", "post", "put", "patch", "delete")
_JSON = ("application/json", "application/problem+json")
_REFUSED = 400
_FORMATS: Json = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "uuid": "01a20baf-9dd6-7079-93b5-dc044a7a3ac2",
    "binary": "(the file's bytes)",
}
_TYPES: Json = {"string": "text", "integer": 1, "number": 1.0, "boolean": True, "null": None, "object": {}}
_PYTHON: Json = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
}  # fmt: skip
# What may go wrong, told by the status alone.
_CODES = {
    400: "bad_request", 401: "unauthorized", 402: "not_enough_credits", 403: "forbidden", 404: "not_found",
    409: "conflict", 410: "gone", 413: "too_large", 422: "invalid_request", 429: "rate_limited", 503: "busy",
}  # fmt: skip


def operation_id(route: APIRoute) -> str:
    """`trainings.create_training`: stable names for generated clients."""
    tag = str(route.tags[0]) if route.tags else "service"
    return f"{re.sub(r'[^a-z]+', '_', tag.lower())}.{route.name}"


def install(app: FastAPI) -> None:
    """`GET /openapi.json` and the pages over it show the whole document."""
    plain = app.openapi

    def whole() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = completed(plain())
        return app.openapi_schema

    app.openapi = whole  # type: ignore[method-assign]


def completed(document: Json) -> Json:
    """The document itself, with what was missing filled in."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {}) | {"ProblemDocument": problem}
    examples = Examples(schemas)
    for operation in _operations(document):
        for parameter in operation.get("parameters", ()):
            shown = examples.of(parameter.get("schema", {}), parameter["name"])
            if shown is not None and "examples" not in parameter:
                parameter.setdefault("example", shown)
        _show(operation.get("requestBody", {}).get("content", {}), examples)
        for status, response in operation.get("responses", {}).items():
            _show(response.get("content", {}), examples, int(status) if status.isdigit() else None)
    _link(document["paths"])
    return document


class Examples:
    """Examples put together from what the schemas declare, and from the table where they declare nothing."""

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self._schemas, self._table = schemas, _table()

    def of(self, schema: Json, name: str = "", inside: str = "") -> Any:
        """One value that the schema allows. `inside`: the schema whose field this is."""
        if "$ref" in schema:
            found = schema["$ref"].rsplit("/", 1)[-1]
            return self.of(self._schemas[found], name, found)
        if "properties" in schema:
            inside = schema.get("title", inside) if inside not in self._schemas else inside
            return {field: self.of(each, field, inside) for field, each in schema["properties"].items()}
        declared = schema.get("examples") or [schema[word] for word in ("example", "const") if word in schema]
        if declared:
            return declared[0]
        if f"{inside}.{name}" in self._table:
            return self._table[f"{inside}.{name}"]
        if "enum" in schema:
            return schema["enum"][0]
        return self._undeclared(schema, name, inside)

    def _undeclared(self, schema: Json, name: str, inside: str) -> Any:
        branches = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if name in self._table and (branches or _fits(self._table[name], schema)):
            return self._table[name]
        if branches:
            return self.of(next((one for one in branches if one.get("type") != "null"), branches[0]), name, inside)
        if schema.get("default") is not None:
            return schema["default"]
        if schema.get("type") == "array":
            return [self.of(schema.get("items", {}), name, inside)]
        return _FORMATS.get(schema.get("format", ""), _TYPES.get(schema.get("type", "object")))


def _fits(value: Any, schema: Json) -> bool:
    kind = _PYTHON.get(schema.get("type", ""))
    return kind is not None and isinstance(value, kind)


def _show(content: Json, examples: Examples, status: int | None = None) -> None:
    for media, body in content.items():
        if "example" in body or "examples" in body or not body.get("schema"):
            continue
        if media not in _JSON and not media.startswith("multipart/"):
            continue
        body["example"] = examples.of(body["schema"])
        if status is not None and status >= _REFUSED:
            _tell(body["example"], status)


def _tell(example: Json, status: int) -> None:
    """A refusal's example says what this status means."""
    code = _CODES.get(status, "bad_request")
    if "error" in example:
        example["error"]["code"] = code
    elif "status" in example:
        phrase = HTTPStatus(status).phrase
        example |= {"type": f"urn:pixreunion:problem:{code}", "title": phrase, "status": status, "code": code}
        example |= {"detail": f"{phrase}.", "errors": []}


def _operations(document: Json) -> Iterator[Json]:
    for path in document["paths"].values():
        yield from (path[method] for method in _METHODS if method in path)


def _link(paths: Mapping[str, Json]) -> None:
    """What a POST made is found, changed and deleted by its id."""
    for path, item in paths.items():
        made = item.get("post", {}).get("responses", {})
        for status in ("201", "202"):
            if status in made and (links := dict(_ways_on(paths, path))):
                made[status]["links"] = links
    uploaded = paths.get("/v1/uploads", {}).get("post", {}).get("responses", {}).get("201")
    if uploaded is not None:
        uploaded["links"] = dict(_ways_on(paths, "/v1/artifacts", "$response.body#/data/0/id"))


def _ways_on(paths: Mapping[str, Json], path: str, where: str = "$response.body#/id") -> Iterator[tuple[str, Json]]:
    for other, item in paths.items():
        below = re.fullmatch(re.escape(path) + r"/\{(\w+)\}(/[\w-]+)?", other)
        if below is None:
            continue
        for method in _METHODS:
            if method in item:
                id = item[method]["operationId"]
                yield id.replace(".", "_"), {"operationId": id, "parameters": {below[1]: where}}


@cache
def _table() -> Json:
    return loads(resources.files("serve_apps.ingress").joinpath("examples.toml").read_text(encoding="utf-8"))
