"""Rows of artifacts: few are inserted, a crowd is copied, and both are the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from governance.ledger import artifacts
from governance.ledger.artifacts import Registered
from governance.model import (
    Artifact,
    ArtifactId,
    ArtifactState,
    HolderId,
    Kind,
    Purpose,
    RunId,
    SubjectId,
)
from governance.service import GovernanceService

AT = datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)


def registered(people: tuple[SubjectId, ...], parents: tuple[ArtifactId, ...], run: RunId | None) -> Registered:
    id = ArtifactId.new()
    artifact = Artifact(
        id=id,
        kind=Kind.CROP,
        subjects=people,
        parents=parents,
        purpose=Purpose.TRAINING,
        run=run,
        state=ArtifactState.REGISTERED,
        location=id.location(people[0]),
        size=None,
        created_at=AT,
        deadline=AT + timedelta(days=30) if parents else None,
    )
    return Registered(artifact, HolderId.new(), bytes(range(256)), 1)


@pytest.mark.parametrize(("count", "pipelined"), [(1, False), (3, True), (200, False), (200, True)])
async def test_what_is_inserted_is_read_back(service: GovernanceService, count: int, pipelined: bool) -> None:
    one, other = SubjectId.new(), SubjectId.new()
    first = registered((one,), (), None)
    rows = [first, *(registered((one, other), (first.artifact.id,), RunId.new()) for _ in range(count - 1))]
    async with service.parts.database.transaction(pipelined) as conn:
        await artifacts.insert(conn, rows)
    async with service.parts.database.transaction() as conn:
        found = await artifacts.get_sealed(conn, [row.artifact.id for row in rows])
        parents = await (await conn.execute("SELECT parent, child FROM parents")).fetchall()
        people = await (await conn.execute("SELECT subject, artifact FROM artifact_subjects")).fetchall()
    for row in rows:
        sealed = found[row.artifact.id]
        assert replace(sealed.artifact, location=row.artifact.location) == row.artifact
        assert (sealed.sealed_key, sealed.epoch) == (row.sealed_key, row.epoch)
    assert set(parents) == {(first.artifact.id.uuid, row.artifact.id.uuid) for row in rows[1:]}
    assert set(people) == {(who.uuid, row.artifact.id.uuid) for row in rows for who in row.artifact.subjects}
