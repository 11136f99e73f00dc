"""Runs: a purpose, a basis and living inputs, or none at all (P2.5)."""

import pytest

from governance.errors import Fenced, Frozen, NotFound, Refused
from governance.holder import Holder
from governance.ids import ArtifactId, RunId, SubjectId
from governance.model import Kind, LegalBasis, NewArtifact, NewRun, Purpose, RunState
from governance.service import GovernanceService
from tests.support.governance import photo, sign_up


async def test_a_run_records_its_basis_and_ends_once(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    run = await service.start_run(NewRun(Purpose.TRAINING, (), (made.id,)))
    assert (run.basis, run.subjects, run.state) == (LegalBasis.CONTRACT, (owner.id,), RunState.RUNNING)
    new = NewArtifact(Kind.ADAPTER, (owner.id,), Purpose.TRAINING, (made.id,), run.id)
    assert (await holder.write(new, b"weights")).run == run.id
    assert (await service.finish_run(run.id, RunState.SUCCEEDED)).state is RunState.SUCCEEDED
    assert (await service.finish_run(run.id, RunState.FAILED)).state is RunState.SUCCEEDED
    with pytest.raises(NotFound):
        await service.finish_run(RunId.new(), RunState.FAILED)


async def test_refusals(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    with pytest.raises(Refused):
        await service.start_run(NewRun(Purpose.MARKETING, (owner.id,), (made.id,)))
    with pytest.raises(NotFound):
        await service.start_run(NewRun(Purpose.TRAINING, (SubjectId.new(),)))
    with pytest.raises(NotFound):
        await service.start_run(NewRun(Purpose.TRAINING, (owner.id,), (ArtifactId.new(),)))
    await service.restrict(owner.id)
    with pytest.raises(Frozen):
        await service.start_run(NewRun(Purpose.TRAINING, (owner.id,), (made.id,)))
    await service.lift(owner.id)
    await service.erase(made.id)
    with pytest.raises(Fenced):
        await service.start_run(NewRun(Purpose.TRAINING, (owner.id,), (made.id,)))
