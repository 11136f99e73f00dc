"""Pictures of several people: each one's consent, and that any one's no removes them."""

import pytest

from governance.clock import utc_now
from governance.errors import Fenced, Gone, GovernanceError, NotFound, Refused
from governance.holder import Holder
from governance.ledger import shares as rows
from governance.model import Artifact, Kind, NewArtifact, NewRun, Purpose, Run, RunState, Subject
from governance.rights.model import NewShare, Share, ShareId
from governance.service import GovernanceService
from tests.support.governance import completed, photo, sign_up


async def model_of(holder: Holder, person: Subject) -> Artifact:
    taken = await photo(holder, person.id)
    return await holder.write(NewArtifact(Kind.ADAPTER, (person.id,), Purpose.TRAINING, (taken.id,)), b"weights")


class Reunion:
    """Two people with a model each; the first makes pictures of both."""

    def __init__(self, service: GovernanceService, holder: Holder) -> None:
        self.service, self.holder = service, holder

    async def open(self) -> "Reunion":
        self.ada, self.bo = await sign_up(self.service), await sign_up(self.service)
        self.hers, self.his = await model_of(self.holder, self.ada), await model_of(self.holder, self.bo)
        return self

    async def share(self) -> Share:
        return await self.service.give_share(NewShare(self.his.id, self.bo.id, self.ada.id))

    async def run(self) -> Run:
        return await self.service.start_run(NewRun(Purpose.GENERATION, (self.ada.id,), (self.hers.id, self.his.id)))

    async def picture(self, run: Run) -> Artifact:
        parents = (self.hers.id, self.his.id)
        return await self.holder.write(
            NewArtifact(Kind.IMAGE, (self.ada.id,), Purpose.GENERATION, parents, run.id), b"both"
        )


@pytest.fixture
async def reunion(service: GovernanceService, holder: Holder) -> Reunion:
    return await Reunion(service, holder).open()


async def test_without_consent_nothing_is_made_of_both(reunion: Reunion) -> None:
    with pytest.raises(Refused, match="has not agreed"):
        await reunion.run()
    with pytest.raises(NotFound):
        await reunion.service.shared_model(reunion.his.id, reunion.ada.id)
    assert (await reunion.service.shared_model(reunion.hers.id, reunion.ada.id)).id == reunion.hers.id


async def test_with_consent_the_picture_belongs_to_both(reunion: Reunion) -> None:
    share = await reunion.share()
    assert await reunion.share() == share, "given again it is the same"
    assert await reunion.service.shares(reunion.ada.id) == await reunion.service.shares(reunion.bo.id) == [share]
    assert (await reunion.service.shared_model(reunion.his.id, reunion.ada.id)).id == reunion.his.id
    made = await reunion.picture(await reunion.run())
    assert set(made.subjects) == {reunion.ada.id, reunion.bo.id}
    for person in (reunion.ada, reunion.bo):
        assert (await reunion.service.artifact(made.id, person.id)).id == made.id


async def test_withdrawal_removes_what_was_made_and_ends_what_is_being_made(reunion: Reunion) -> None:
    share, service = await reunion.share(), reunion.service
    run = await reunion.run()
    made = await reunion.picture(run)
    gone = await service.withdraw_share(share.id, reunion.bo.id)
    assert gone.withdrawn_at is not None
    assert await service.withdraw_share(share.id, reunion.bo.id) == gone
    with pytest.raises(Gone):
        await service.artifact(made.id, reunion.ada.id)
    with pytest.raises(Fenced):
        await reunion.picture(run)
    assert (await service.finish_run(run.id, RunState.SUCCEEDED)).state is RunState.CANCELED
    with pytest.raises(Refused):
        await reunion.run()
    assert await service.shares(reunion.ada.id) == []
    assert (await service.artifact(reunion.his.id, reunion.bo.id)).id == reunion.his.id, "the model itself stays"


@pytest.mark.parametrize("whose", ["ada", "bo"])
@pytest.mark.parametrize("what", ["account", "model", "picture"])
async def test_any_one_s_erasure_removes_it(reunion: Reunion, whose: str, what: str) -> None:
    await reunion.share()
    made = await reunion.picture(await reunion.run())
    person = reunion.ada if whose == "ada" else reunion.bo
    model = reunion.hers if whose == "ada" else reunion.his
    await reunion.service.erase({"account": person.id, "model": model.id, "picture": made.id}[what], owner=person.id)
    with pytest.raises(Gone):
        await reunion.service.artifact(made.id)


async def test_only_a_model_of_ones_own_may_be_shared_and_only_with_somebody(reunion: Reunion) -> None:
    service, ada, bo, his = reunion.service, reunion.ada.id, reunion.bo.id, reunion.his.id
    with pytest.raises(NotFound):
        await service.give_share(NewShare(his, ada, bo))
    with pytest.raises(NotFound):
        await service.give_share(NewShare(his, bo, type(ada).new()))
    with pytest.raises(Refused, match="another person's account"):
        await service.give_share(NewShare(his, bo, bo))
    for id, person in ((ShareId.new(), bo), ((await reunion.share()).id, ada)):
        with pytest.raises(NotFound):
            await service.withdraw_share(id, person)


async def test_consent_ends_with_the_model_and_goes_to_nobody_erased(reunion: Reunion) -> None:
    service = reunion.service
    await reunion.share()
    await service.erase(reunion.his.id, owner=reunion.bo.id)
    assert await service.shares(reunion.ada.id) == []
    with pytest.raises(GovernanceError):
        await service.shared_model(reunion.his.id, reunion.ada.id)
    await service.erase(reunion.ada.id, owner=reunion.ada.id)
    other = await model_of(reunion.holder, reunion.bo)
    with pytest.raises(NotFound):
        await service.give_share(NewShare(other.id, reunion.bo.id, reunion.ada.id))


async def test_consent_given_anew_is_not_touched_by_the_old_withdrawal(reunion: Reunion) -> None:
    service, old = reunion.service, await reunion.share()
    await service.withdraw_share(old.id, reunion.bo.id)
    assert await reunion.share() != old
    made = await reunion.picture(await reunion.run())
    await service.withdraw_share(old.id, reunion.bo.id)
    await service.parts.rights.shares.finish()
    assert (await service.artifact(made.id, reunion.bo.id)).id == made.id


async def test_what_a_crash_left_of_a_withdrawal_is_removed_by_itself(reunion: Reunion) -> None:
    service, share = reunion.service, await reunion.share()
    made = await reunion.picture(await reunion.run())
    async with service.parts.database.transaction() as conn:
        await rows.withdraw(conn, share.withdrawn(utc_now()))
    await service.parts.rights.shares.finish()
    with pytest.raises(Gone):
        await service.artifact(made.id, reunion.ada.id)
    async with service.parts.database.transaction() as conn:
        assert await rows.unfinished(conn) == []


async def test_both_find_the_consent_in_their_copy_and_it_goes_with_either(reunion: Reunion) -> None:
    service, share = reunion.service, await reunion.share()
    for person in (reunion.ada, reunion.bo):
        [row] = (await service.dossier(person.id)).records["shares"]
        assert row["id"] == str(share.id.uuid)
    request = await service.erase(reunion.ada.id)
    await completed(service, request.id)
    assert (await service.dossier(reunion.bo.id)).records["shares"] == []
