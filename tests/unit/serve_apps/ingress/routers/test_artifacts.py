"""What kinds of bytes there are, as the OpenAPI document says it."""

import pytest

from governance.model import Kind
from serve_apps.ingress.app import create_app
from serve_apps.ingress.routers.artifacts import JPEG_MAGIC, PNG_MAGIC, _type_of

CONTENT = "/v1/artifacts/{artifact_id}/content"


@pytest.fixture(scope="module")
def documented() -> set[str]:
    document = create_app(None).openapi()  # type: ignore[arg-type]
    return set(document["paths"][CONTENT]["get"]["responses"]["200"]["content"])


@pytest.mark.parametrize("start", [PNG_MAGIC, JPEG_MAGIC, b"{}", b""])
def test_every_type_that_is_answered_is_in_the_document(start: bytes, documented: set[str]) -> None:
    answered = {_type_of(kind, bytearray(start))[0] for kind in Kind}
    assert answered
    assert answered <= documented


def test_lineage_is_one_document_or_a_list_of_events() -> None:
    document = create_app(None).openapi()  # type: ignore[arg-type]
    answer = document["paths"]["/v1/artifacts/{artifact_id}/lineage"]["get"]["responses"]["200"]
    kinds = [each["type"] for each in answer["content"]["application/json"]["schema"]["anyOf"]]
    assert kinds == ["object", "array"]
