import os
import pwd
import subprocess
from pathlib import Path

import pytest

from cluster.embedded import unprivileged
from cluster.embedded.unprivileged import as_ordinary_user
from cluster.errors import PartFailed

NOBODY = pwd.getpwnam("nobody").pw_uid
WAYS = ["_namespace", "_capability"]


def allow(monkeypatch: pytest.MonkeyPatch, *ways: str) -> None:
    """Lets this machine offer these ways only; we are root, or act as if, where commands are only built."""
    prefixes = {getattr(unprivileged, way)() for way in ways}
    monkeypatch.setattr(unprivileged, "_works", lambda prefix: prefix in prefixes)


def test_an_ordinary_user_runs_the_command_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert as_ordinary_user(["initdb"], tmp_path) == ["initdb"]


@pytest.mark.parametrize("way", WAYS)
def test_each_way_runs_without_roots_identity_and_reaches_closed_directories(
    way: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "data").mkdir(mode=0o700)
    expected = str(NOBODY)
    if os.geteuid() == 0:
        allow(monkeypatch, way)
    else:
        expected = str(os.geteuid())
    command = as_ordinary_user(["sh", "-c", f"id -u; touch {closed}/data/file"], closed / "data")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected
    assert (closed / "data" / "file").exists()


def test_when_neither_way_works_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    allow(monkeypatch)
    with pytest.raises(PartFailed, match="does not run as root") as refused:
        as_ordinary_user(["initdb"], tmp_path)
    assert "PIXREUNION_POSTGRES_DSN" in refused.value.way_out
