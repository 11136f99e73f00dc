"""The graph around an artifact in the form that was asked for."""

import json
from collections.abc import Callable
from typing import Any

from fastapi import Response

from governance.lineage.drawing import to_png, to_svg
from governance.lineage.graph import Lineage
from governance.lineage.layout import plan
from governance.lineage.openlineage import to_openlineage
from governance.lineage.prov import to_prov
from governance.lineage.report import lineage_report
from governance.model import ArtifactId
from serve_apps.ingress.schemas.lineage import LineageFormat

_PHOTO = "art_01a20baf9dd6707993b5dc044a7a3ac2"
DRAWN_AS: dict[str, dict[str, Any]] = {
    "application/json": {
        "schema": {"anyOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]},
        "example": {"artifact": {"id": _PHOTO, "kind": "photo"}, "photos": [], "made_from": [], "came_of": []},
    },
    "image/svg+xml": {},
    "image/png": {},
}
"""Media types of the answer, for the OpenAPI document."""

_DOCUMENTS: dict[LineageFormat, Callable[[Lineage, ArtifactId], Any]] = {
    LineageFormat.JSON: lineage_report,
    LineageFormat.PROV: lambda lineage, focus: to_prov(lineage),
    LineageFormat.OPENLINEAGE: lambda lineage, focus: to_openlineage(lineage),
}


def shown_as(format: LineageFormat, lineage: Lineage, focus: ArtifactId) -> Response:
    """Raises `NotFound` when the focus is not in the graph."""
    if format in _DOCUMENTS:
        document = _DOCUMENTS[format](lineage, focus)
        return Response(json.dumps(document), media_type="application/json")
    drawing = plan(lineage, focus)
    if format is LineageFormat.SVG:
        return Response(to_svg(drawing), media_type="image/svg+xml")
    return Response(to_png(drawing), media_type="image/png")
