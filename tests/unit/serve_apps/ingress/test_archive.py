"""An archive that is given up; finished ones are read in `tests/integration/test_rights.py`."""

from datetime import UTC, datetime
from types import SimpleNamespace

from governance.ids import ArtifactId, SubjectId
from governance.model import Artifact, ArtifactState, Kind, Purpose
from serve_apps.ingress.archive import Archive

PHOTO = Artifact(
    id=ArtifactId.new(), kind=Kind.PHOTO, subjects=(SubjectId.new(),), parents=(), purpose=Purpose.TRAINING, run=None,
    state=ArtifactState.LIVE, location="", size=4, created_at=datetime.now(UTC), deadline=None,
)  # fmt: skip


def test_an_archive_that_is_given_up_leaves_nothing_and_writes_nothing_later() -> None:
    policy = SimpleNamespace(basis=lambda purpose: "contract")
    archive = Archive(None, policy)  # type: ignore[arg-type]
    archive.add(PHOTO, bytearray(b"face"))
    buffer = archive._buffer
    assert b"face" in buffer.getvalue()
    archive.wipe()
    size = len(buffer.getvalue())
    del archive
    assert buffer.getvalue() == bytes(size)
