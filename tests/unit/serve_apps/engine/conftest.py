"""Bases shared by the engine's tests."""

from __future__ import annotations

import pytest

from tests.unit.serve_apps.engine.tiny import TinyBase, tiny_base


@pytest.fixture(scope="session")
def base() -> TinyBase:
    return tiny_base("epsilon")
