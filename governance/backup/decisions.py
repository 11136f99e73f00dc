"""What was decided after a backup was made is decided again when it is restored (P4.5, P5.2, P6.3, P7.3, P7.6)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from governance.audit.leaf import Leaf, LeafEvent
from governance.backup.journal import Journal
from governance.clock import Clock
from governance.ids import ArtifactId, HoldId, SubjectId
from governance.ledger import consents, decisions, fences, holds, notices, rights, shares, subjects
from governance.ledger import objections as said
from governance.ledger.database import Connection, Database
from governance.ledger.decisions import Decision, What
from governance.ledger.leaves import record
from governance.model import Hold, Purpose, SubjectStatus
from governance.people.model import ConsentPurpose
from governance.rights import objections
from governance.rights.model import ShareId

_BATCH = 500
_STATES = {What.FROZEN: SubjectStatus.FROZEN, What.LIFTED: SubjectStatus.ACTIVE}
_EVENTS = {What.FROZEN: LeafEvent.SUBJECT_FROZEN, What.LIFTED: LeafEvent.SUBJECT_LIFTED}


class Decisions:
    """Carries them from the ledger to the journal, and from the journal back into a restored ledger."""

    def __init__(self, database: Database, journal: Journal, clock: Clock) -> None:
        self._database, self._journal, self._clock = database, journal, clock

    async def write_down(self) -> int:
        """A chore; gives how many. After a crash in between they are written twice, which changes nothing."""
        total = 0
        while True:
            async with self._database.transaction() as conn:
                found = await decisions.unwritten(conn, _BATCH)
            if not found:
                return total
            await self._journal.append_decisions(found)
            async with self._database.transaction() as conn:
                await decisions.written(conn, [one.id for one in found])
            total += len(found)

    async def decide_again(self) -> int:
        """Everything in the journal that the ledger does not know, of what it has; gives how many changed something."""
        changed = 0
        for one in _standing(await self._journal.decisions()):
            async with self._database.transaction() as conn:
                await fences.close(conn)
                changed += await _AGAIN[one.what](conn, one, self._clock())
        return changed


def _standing(made: Sequence[Decision]) -> Sequence[Decision]:
    """Without what was decided otherwise later: of each person the last state, and the last word to each purpose."""
    last: dict[tuple[object, ...], Decision] = {}
    for one in made:
        last[_question(one)] = one
    return sorted(last.values(), key=lambda one: one.id)


def _question(one: Decision) -> tuple[object, ...]:
    if one.what in _STATES:
        return ("state", one.about)
    if one.what in (What.OBJECTED, What.AGREED_AGAIN):
        return ("objection", one.about, one.words["purpose"])
    return (one.what, one.about, *one.words.values())


async def _hold(conn: Connection, one: Decision, now: datetime) -> bool:
    until = datetime.fromisoformat(one.words["until"])
    hold = Hold(HoldId.of(one.about), ArtifactId(one.words["artifact"]), one.words["basis"], until)
    if not await holds.insert_again(conn, hold, one.at):
        return False
    await record(conn, [Leaf(event=LeafEvent.HOLD_PLACED, at=now, artifact=hold.artifact)])
    return True


async def _lift_hold(conn: Connection, one: Decision, now: datetime) -> bool:
    artifact = await holds.end(conn, HoldId.of(one.about), one.at)
    if artifact is not None:
        await record(conn, [Leaf(event=LeafEvent.HOLD_LIFTED, at=now, artifact=artifact)])
    return artifact is not None


async def _move(conn: Connection, one: Decision, now: datetime) -> bool:
    person = (await subjects.lock_all(conn, [SubjectId.of(one.about)])).get(SubjectId.of(one.about))
    if person is None or person.status not in _STATES.values() or person.status is _STATES[one.what]:
        return False
    await subjects.set_states(conn, [replace(person, status=_STATES[one.what])])
    if one.what is What.LIFTED:
        await rights.lift_restrictions(conn, [person.id], now)
    await record(conn, [Leaf(event=_EVENTS[one.what], at=now, subject=person.id)])
    return True


async def _object(conn: Connection, one: Decision, now: datetime) -> bool:
    id, purpose = SubjectId.of(one.about), Purpose(one.words["purpose"])
    person = (await subjects.lock_all(conn, [id])).get(id)
    objects = purpose in await said.of_subject(conn, id)
    wants = one.what is What.OBJECTED
    if person is None or person.status not in _STATES.values() or objects is wants:
        return False
    await (objections.apply if wants else objections.take_back)(conn, id, purpose, now)
    return True


async def _withdraw_consent(conn: Connection, one: Decision, now: datetime) -> bool:
    id, purpose = SubjectId.of(one.about), ConsentPurpose(one.words["purpose"])
    ended = await consents.withdraw(conn, id, purpose, one.at, given_by=one.at)
    if ended is None:
        return False
    await notices.drop_unwanted(conn, now)
    words = {"purpose": purpose}
    await record(conn, [Leaf(event=LeafEvent.CONSENT_WITHDRAWN, at=now, subject=id, words=words)])
    return True


async def _withdraw_share(conn: Connection, one: Decision, now: datetime) -> bool:
    share = await shares.lock(conn, ShareId.of(one.about))
    if share is None or share.withdrawn_at is not None:
        return False
    await shares.cancel_runs(conn, share, now)
    await shares.withdraw(conn, share.withdrawn(now))
    await record(conn, [Leaf(event=LeafEvent.CONSENT_WITHDRAWN, at=now, subject=share.giver)])
    return True


_AGAIN: Mapping[What, Callable[[Connection, Decision, datetime], Awaitable[bool]]] = {
    What.HOLD_PLACED: _hold,
    What.HOLD_LIFTED: _lift_hold,
    What.FROZEN: _move,
    What.LIFTED: _move,
    What.OBJECTED: _object,
    What.AGREED_AGAIN: _object,
    What.CONSENT_WITHDRAWN: _withdraw_consent,
    What.SHARE_WITHDRAWN: _withdraw_share,
}
