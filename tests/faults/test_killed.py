"""Killed at every step of every protocol, alone and in pairs: after recovery nothing is left, nothing comes back."""

import itertools
import json
import random
from typing import Any

import pytest

from governance.audit.verify import verify
from governance.errors import Gone, NotFound
from governance.failpoints import FailPoint
from governance.ids import ArtifactId, SubjectId
from governance.model import Purpose, SubjectStatus
from governance.service import GovernanceService
from tests.faults.conftest import Scene
from tests.support.governance import completed, holding, running
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(900)

PAIRS = list(itertools.product(FailPoint, repeat=2))


@pytest.mark.parametrize("point", FailPoint)
async def test_killed_once(scene: Scene, point: FailPoint) -> None:
    assert await scene.run(point), f"nothing reached {point}"
    await recovered(scene)


async def test_killed_twice(scene: Scene, fault_seed: int) -> None:
    first, second = random.Random(fault_seed).choice(PAIRS)
    await scene.run(first)
    await scene.run(second)
    await recovered(scene)


async def test_without_a_fault_the_story_ends(scene: Scene) -> None:
    assert not await scene.run(None)
    await recovered(scene)


async def recovered(scene: Scene) -> None:
    """A new process takes over, erases whom it should, and everything that must hold does."""
    diary: dict[str, Any] = json.loads((scene.folder / "made.json").read_text())
    owner, other = (SubjectId(one) for one in diary["people"])
    async with running(scene.settings) as service:
        request = await service.erase(owner)
        await completed(service, request.id)
        await service.parts.rotation.finish()
        await nothing_is_left(service, owner, diary)
        certificate = await service.certificate(request.id)
        assert certificate is not None
        verify(certificate.document.encode())
        if "kept" in diary:
            async with (
                holding(service) as holder,
                holder.plaintext(ArtifactId(diary["kept"]), Purpose.TRAINING) as kept,
            ):
                assert bytes(kept) == b"stays the same"
        assert (await service.subject(other)).status is SubjectStatus.ACTIVE


async def nothing_is_left(service: GovernanceService, owner: SubjectId, diary: dict[str, Any]) -> None:
    """0 residues, 0 resurrections; 0 orphans once uploads that a kill cut off have been swept."""
    for id in diary.get("made", []):
        with pytest.raises((Gone, NotFound)):
            await service.artifact(ArtifactId(id))
    assert await service.parts.store.keys(f"{owner.uuid.hex}/") == []
    assert (await service.subject(owner)).status is SubjectStatus.ERASED
    async with service.parts.database.transaction() as conn:
        cursor = await conn.execute(
            """
            SELECT count(*) FROM artifacts
            WHERE %s = ANY (subjects) AND (state <> 'erased' OR sealed_key IS NOT NULL OR parents <> '{}')
            """,
            [owner.uuid],
        )
        assert await cursor.fetchone() == (0,)

    async def no_orphan() -> bool:
        return not await service.parts.orphans.find()

    await eventually(no_orphan)
