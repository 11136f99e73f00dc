"""What was decided after a backup holds after its restore too (P4.5, P5.2, P6.3, P7.3, P7.6)."""

from datetime import timedelta
from pathlib import Path

import pytest

from cluster.embedded.throwaway import Servers
from governance.backup.decisions import Decisions
from governance.backup.journal import Journal
from governance.backup.make import make_backup
from governance.backup.restore import restore_backup
from governance.blobs.memory import MemoryBlobStore
from governance.clock import utc_now
from governance.config import GovernanceSettings
from governance.errors import Frozen, Gone, Objected, Refused, Unavailable
from governance.holder import Holder
from governance.model import Artifact, Kind, NewArtifact, NewHold, NewRun, Purpose, Subject, SubjectStatus
from governance.people.model import ConsentPurpose
from governance.rights.model import Channel, NewRightsRequest, NewShare, Right
from governance.service import GovernanceService
from tests.support.governance import completed, fresh_database, holding, photo, running, sign_up, with_clock
from tests.support.waiting import eventually

EXTRAS = with_clock(utc_now)
LATER = timedelta(days=100)
MARKETING = ConsentPurpose.MARKETING


class Decided:
    """People of whom a backup was made, and what was decided about them since."""

    def __init__(self, service: GovernanceService, holder: Holder) -> None:
        self.service, self.holder = service, holder

    async def before(self) -> None:
        """What the backup knows."""
        self.kept_owner, self.let_go_owner, self.frozen, self.lifted, self.objector, self.giver = [
            await sign_up(self.service) for _ in range(6)
        ]
        self.kept = await photo(self.holder, self.kept_owner.id, b"evidence")
        self.let_go = await photo(self.holder, self.let_go_owner.id, b"let go")
        self.hold = await self.service.place_hold(NewHold(self.let_go.id, "court-order", utc_now() + LATER))
        self.of_frozen = await photo(self.holder, self.frozen.id, b"frozen")
        self.of_objector = await photo(self.holder, self.objector.id, b"objected")
        await self.service.restrict(self.lifted.id)
        await self.service.give_consent(self.frozen.id, MARKETING)
        self.model, self.other = await self._model(self.giver), await self._model(self.objector)
        self.share = await self.service.give_share(NewShare(self.model.id, self.giver.id, self.objector.id))

    async def since(self) -> None:
        """What only the journal knows."""
        await self.service.place_hold(NewHold(self.kept.id, "bookkeeping-act", utc_now() + LATER))
        for one in (self.kept_owner, self.let_go_owner):
            await self.service.erase(one.id)
        await self.service.release_hold(self.hold.id)
        await self.service.restrict(self.frozen.id)
        await self.service.lift(self.lifted.id)
        await self.service.ask(
            NewRightsRequest(Right.OBJECTION, self.objector.id, Channel.ACCOUNT, purpose=Purpose.TRAINING)
        )
        await self.service.withdraw_consent(self.frozen.id, MARKETING)
        await self.service.withdraw_share(self.share.id, self.giver.id)

        async def written() -> bool:
            async with self.service.parts.database.transaction() as conn:
                cursor = await conn.execute("SELECT count(*) FROM decisions")
                row = await cursor.fetchone()
                return row == (0,)

        await eventually(written)

    async def _model(self, person: Subject) -> Artifact:
        return await self.holder.write(NewArtifact(Kind.ADAPTER, (person.id,), Purpose.TRAINING), b"weights")


async def test_a_restore_decides_again_what_was_decided_since(
    servers: Servers, settings: GovernanceSettings, tmp_path: Path
) -> None:
    async with running(settings) as service, holding(service) as holder:
        decided = Decided(service, holder)
        await decided.before()
        await make_backup(service.parts, tmp_path / "backup", utc_now)
        await decided.since()
    with fresh_database(servers) as dsn:
        again = settings.model_copy(update={"ledger": settings.ledger.model_copy(update={"dsn": dsn})})
        restored = await restore_backup(again, tmp_path / "backup", EXTRAS)
        assert restored.decided_again == 7
        async with running(again) as service, holding(service) as holder:
            await _holds_as_before(decided, service, holder)


async def _holds_as_before(decided: Decided, service: GovernanceService, holder: Holder) -> None:
    async with holder.plaintext(decided.kept.id, Purpose.LEGAL) as buffer:
        assert bytes(buffer) == b"evidence"
    with pytest.raises(Gone):
        async with holder.plaintext(decided.let_go.id, Purpose.LEGAL):
            raise AssertionError("kept by a hold that was released")
    assert (await service.subject(decided.lifted.id)).status is SubjectStatus.ACTIVE
    with pytest.raises(Frozen):
        async with holder.plaintext(decided.of_frozen.id, Purpose.TRAINING):
            raise AssertionError("processed although restricted")
    with pytest.raises(Objected):
        async with holder.plaintext(decided.of_objector.id, Purpose.TRAINING):
            raise AssertionError("processed although objected to")
    assert [one.live for one in await service.consents(decided.frozen.id)] == [False]
    inputs = (decided.other.id, decided.model.id)
    with pytest.raises(Refused, match="has not agreed"):
        await service.start_run(NewRun(Purpose.GENERATION, (decided.objector.id,), inputs))
    await completed(service, (await service.erase(decided.kept_owner.id)).id)


class Away(MemoryBlobStore):
    """Takes nothing while it is `away`."""

    away = True

    async def put(self, key: str, data: bytes) -> str:
        if self.away:
            raise Unavailable("not now")
        return await super().put(key, data)


async def test_what_cannot_be_written_now_waits_and_the_last_word_counts(service: GovernanceService) -> None:
    await service.parts.background.stop()
    owner, store = await sign_up(service), Away()
    decisions = Decisions(service.parts.database, Journal(store), utc_now)
    for _ in range(2):
        await service.restrict(owner.id)
        await service.lift(owner.id)
    with pytest.raises(Unavailable):
        await decisions.write_down()
    store.away = False
    assert [await decisions.write_down() for _ in range(2)] == [4, 0]
    await service.restrict(owner.id)
    assert await decisions.decide_again() == 1
    assert (await service.subject(owner.id)).status is SubjectStatus.ACTIVE
