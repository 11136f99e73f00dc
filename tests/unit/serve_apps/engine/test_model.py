"""The engine's nouns."""

from __future__ import annotations

import dataclasses

import pytest

from serve_apps.engine.model import AccountId, GenerationRequest, RequestId, Size


def test_a_size_reads_as_width_by_height() -> None:
    assert str(Size(height=512, width=768)) == "768x512"


def test_requests_are_frozen() -> None:
    request = GenerationRequest(RequestId("r"), AccountId("a"), "a portrait")
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.seed = 3  # type: ignore[misc]
