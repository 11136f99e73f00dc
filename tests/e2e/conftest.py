"""A short folder for each person: Ray's sockets do not fit below long ones."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.commands import Commands, commands


@pytest.fixture
def newcomer() -> Iterator[Commands]:
    with tempfile.TemporaryDirectory(prefix="e", ignore_cleanup_errors=True) as folder:
        yield commands(Path(folder))
