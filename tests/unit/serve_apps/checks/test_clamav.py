"""The virus scanner's protocol, against a clamd that listens on a real socket."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from serve_apps.checks.clamav import ClamAV
from serve_apps.checks.model import ScannerUnavailable
from tests.support.clamd import EICAR, LIMIT, Clamd, clamd


@pytest.fixture(params=["tcp", "unix"])
def listening(request: pytest.FixtureRequest) -> Iterator[Clamd]:
    # A socket's path may have no more than some hundred characters.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clamd.sock" if request.param == "unix" else None
        with clamd(path) as server:
            yield server


def test_a_clean_file_passes_whole(listening: Clamd) -> None:
    data = bytes(range(256)) * 700
    assert ClamAV(listening.address, 60).scan(bytearray(data)) is None
    assert listening.scanned == [len(data)]


def test_what_is_found_is_named(listening: Clamd) -> None:
    assert ClamAV(listening.address, 60).scan(b"\x89PNG" + EICAR) == "Eicar-Test-Signature"


def test_an_empty_file_is_clean(listening: Clamd) -> None:
    assert ClamAV(listening.address, 60).scan(b"") is None


def test_a_file_it_refuses_is_not_called_clean(listening: Clamd) -> None:
    with pytest.raises(ScannerUnavailable):
        ClamAV(listening.address, 60).scan(bytes(LIMIT + 1))


@pytest.mark.parametrize("address", ["127.0.0.1:1", "/nowhere/clamd.sock", "nonsense"])
def test_nobody_there_is_not_called_clean(address: str) -> None:
    with pytest.raises(ScannerUnavailable):
        ClamAV(address, 5).scan(b"x")
