"""The graph as the ledger knows it."""

import pytest

from governance.errors import Gone, NotFound
from governance.holder import Holder
from governance.model import Kind, NewArtifact, NewRun, Purpose
from governance.service import GovernanceService
from tests.support.governance import photo, sign_up


async def test_all_it_was_made_from_and_all_that_came_of_it(service: GovernanceService, holder: Holder) -> None:
    owner = (await sign_up(service)).id
    first, second, other = [await photo(holder, owner) for _ in range(3)]
    run = await service.start_run(NewRun(Purpose.TRAINING, (owner,), (first.id, second.id)))
    new = NewArtifact(Kind.ADAPTER, (owner,), Purpose.TRAINING, (first.id, second.id), run.id)
    adapter = await holder.write(new, b"weights")
    image = await holder.write(NewArtifact(Kind.IMAGE, (owner,), Purpose.GENERATION, (adapter.id,)), b"pixels")

    around = await service.lineage(adapter.id, owner)

    assert set(around.artifacts) == {first.id, second.id, adapter.id, image.id}
    assert [one.id for one in around.made_from(image.id)] == [first.id, second.id]
    assert [one.id for one in around.came_of(first.id)] == [adapter.id, image.id]
    assert around.inputs(run.id) == (first.id, second.id)
    assert other.id not in around.artifacts


async def test_other_people_in_it_stay_unnamed(service: GovernanceService, holder: Holder) -> None:
    owner, friend = (await sign_up(service)).id, (await sign_up(service)).id
    mine, theirs = await photo(holder, owner), await photo(holder, friend)
    crop = NewArtifact(Kind.CROP, (owner, friend), Purpose.TRAINING, (mine.id, theirs.id))
    together = await holder.write(crop, b"both")
    seen = await service.lineage(together.id, owner)
    assert set(seen.artifacts) == {mine.id, together.id}
    assert seen.artifact(together.id).subjects == (owner,)
    assert set((await service.lineage(together.id)).artifacts) == {mine.id, theirs.id, together.id}


async def test_of_what_is_anothers_or_gone_there_is_none(service: GovernanceService, holder: Holder) -> None:
    owner, stranger = (await sign_up(service)).id, (await sign_up(service)).id
    made = await photo(holder, owner)
    crop = await photo(holder, owner, b"crop", (made,))
    with pytest.raises(NotFound):
        await service.lineage(made.id, stranger)
    await service.erase(crop.id)
    assert list((await service.lineage(made.id, owner)).artifacts) == [made.id]
    with pytest.raises(Gone):
        await service.lineage(crop.id, owner)
