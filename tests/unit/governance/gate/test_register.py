"""Registration: checked before any byte is written (I1, I3, I4)."""

import asyncio
from datetime import timedelta

import pytest

from governance.clock import ManualClock
from governance.config import GovernanceSettings
from governance.errors import Fenced, Frozen, LeaseLost, NotFound, Refused
from governance.holder import Holder
from governance.model import (
    ArtifactId,
    ArtifactState,
    HolderId,
    Kind,
    NewArtifact,
    NewRun,
    Purpose,
    RunState,
    SubjectId,
)
from governance.service import GovernanceService
from tests.support.governance import holding, photo, running, sign_up, with_clock


async def test_a_ticket_comes_with_a_row_and_a_deadline_and_nothing_is_stored_yet(
    service: GovernanceService, holder: Holder
) -> None:
    owner = await sign_up(service)
    ticket = await service.register(NewArtifact(Kind.PHOTO, (owner.id,), Purpose.TRAINING), holder.id)
    stored = await service.artifact(ticket.artifact.id, owner.id)
    assert stored.state is ArtifactState.REGISTERED
    assert stored.deadline == stored.created_at + timedelta(days=30)
    assert await service.parts.store.keys() == []


async def test_a_child_has_its_parents_people_and_never_outlives_them(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        one, two = await sign_up(service), await sign_up(service)
        first = await photo(holder, one.id)
        second = await photo(holder, two.id)
        child = await photo(holder, one.id, b"both", (first, second))
        assert set(child.subjects) == {one.id, two.id}
        assert child.deadline == first.deadline


async def test_what_does_not_exist_or_may_not_be_made_is_refused_and_neighbours_are_not_disturbed(
    service: GovernanceService, holder: Holder
) -> None:
    owner = await sign_up(service)
    good = NewArtifact(Kind.PHOTO, (owner.id,), Purpose.TRAINING)
    answers = await asyncio.gather(
        service.register(good, holder.id),
        service.register(NewArtifact(Kind.PHOTO, (SubjectId.new(),), Purpose.TRAINING), holder.id),
        service.register(NewArtifact(Kind.CROP, (owner.id,), Purpose.TRAINING, (ArtifactId.new(),)), holder.id),
        service.register(NewArtifact(Kind.PHOTO, (owner.id,), Purpose.MARKETING), holder.id),
        service.register(NewArtifact(Kind.PHOTO, (), Purpose.TRAINING), holder.id),
        service.register(NewArtifact(Kind.PHOTO, (SubjectId("nonsense"),), Purpose.TRAINING), holder.id),
        service.register(good, HolderId.new()),
        service.register(good, holder.id),
        return_exceptions=True,
    )
    kinds = [type(one) for one in answers if isinstance(one, BaseException)]
    assert kinds == [NotFound, NotFound, Refused, NotFound, NotFound, LeaseLost]
    assert len((await service.artifacts(owner.id)).items) == 0


async def test_nothing_is_derived_from_what_is_not_live(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    ticket = await service.register(NewArtifact(Kind.PHOTO, (owner.id,), Purpose.TRAINING), holder.id)
    erased = await photo(holder, owner.id)
    await service.erase(erased.id)
    for parent in (ticket.artifact.id, erased.id):
        with pytest.raises(Fenced):
            await service.register(NewArtifact(Kind.CROP, (owner.id,), Purpose.TRAINING, (parent,)), holder.id)


async def test_frozen_and_erased_people_and_ended_runs_make_nothing(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    run = await service.start_run(NewRun(Purpose.TRAINING, (owner.id,), (made.id,)))
    await service.finish_run(run.id, RunState.FAILED)
    new = NewArtifact(Kind.PHOTO, (owner.id,), Purpose.TRAINING)
    with pytest.raises(Fenced, match="run has ended"):
        await service.register(NewArtifact(Kind.ADAPTER, (owner.id,), Purpose.TRAINING, run=run.id), holder.id)
    await service.restrict(owner.id)
    with pytest.raises(Frozen):
        await service.register(new, holder.id)
    await service.lift(owner.id)
    await service.erase(owner.id)
    with pytest.raises(Fenced):
        await service.register(new, holder.id)
