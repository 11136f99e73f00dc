"""Personal data breaches: 72 hours to tell the authority, and the people when the risk is high (articles 33, 34)."""

from collections.abc import Sequence
from datetime import datetime

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.errors import Conflict, NotFound, Refused
from governance.ledger import breaches
from governance.ledger.database import Connection, Database
from governance.ledger.leaves import record
from governance.rights import clocks
from governance.rights.model import Breach, BreachId, BreachRisk, BreachState, BreachStep, NewBreach
from governance.rights.words import checked


class Breaches:
    """See `api.RightsApi` for what each call promises."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def record(self, new: NewBreach) -> Breach:
        now = self._clock()
        found_at = new.found_at or now
        if found_at > now:
            raise Refused("a breach is found before it is recorded")
        if not new.nature or new.people < 0:
            raise Refused("a breach has a nature, and a number of people that is not negative")
        breach = Breach(
            id=BreachId.new(),
            reference=checked("reference", new.reference),
            nature=new.nature,
            kinds=new.kinds,
            people=new.people,
            risk=new.risk,
            state=BreachState.OPEN,
            found_at=found_at,
            due_at=found_at + clocks.BREACH_TIME,
        )
        async with self._database.transaction() as conn:
            await breaches.insert(conn, breach)
            counts = {"people": new.people}
            leaf = Leaf(event=LeafEvent.BREACH_RECORDED, at=now, words={"risk": new.risk}, counts=counts)
            await record(conn, [leaf])
        return breach

    async def listed(self) -> Sequence[Breach]:
        async with self._database.transaction() as conn:
            return await breaches.listed(conn)

    async def advance(self, id: BreachId, step: BreachStep, late_reason: str | None) -> Breach:
        async with self._database.transaction() as conn:
            breach, now = await _lock(conn, id), self._clock()
            if step is BreachStep.NOTIFY_AUTHORITY:
                await _notify(conn, breach, now, late_reason)
            elif step is BreachStep.TELL_PEOPLE:
                await _tell_people(conn, breach, now)
            else:
                await _close(conn, breach, now)
            return await _lock(conn, id)


async def _notify(conn: Connection, breach: Breach, now: datetime, late_reason: str | None) -> None:
    if breach.notified_at is not None:
        return
    _check_open(breach)
    if now > breach.due_at and late_reason is None:
        raise Refused("72 hours are over: a late notification gives its reason (article 33(1))")
    await breaches.notify(conn, breach.id, now, checked("late_reason", late_reason) if late_reason else None)
    await record(conn, [Leaf(event=LeafEvent.BREACH_NOTIFIED, at=now, words={"risk": breach.risk})])


async def _tell_people(conn: Connection, breach: Breach, now: datetime) -> None:
    _check_open(breach)
    await breaches.tell_people(conn, breach.id, now)
    await record(conn, [Leaf(event=LeafEvent.BREACH_PEOPLE_TOLD, at=now, counts={"people": breach.people})])


async def _close(conn: Connection, breach: Breach, now: datetime) -> None:
    if breach.state is BreachState.CLOSED:
        return
    if breach.risk is not BreachRisk.UNLIKELY and breach.notified_at is None:
        raise Refused("tell the authority first; only a breach without a risk needs no notification (article 33(1))")
    if breach.risk is BreachRisk.HIGH and breach.people_told_at is None:
        raise Refused("the risk is high: tell the people first (article 34)")
    await breaches.close(conn, breach.id, now)
    await record(conn, [Leaf(event=LeafEvent.BREACH_CLOSED, at=now, words={"risk": breach.risk})])


def _check_open(breach: Breach) -> None:
    if breach.state is BreachState.CLOSED:
        raise Conflict(f"{breach.id} is closed")


async def _lock(conn: Connection, id: BreachId) -> Breach:
    found = await breaches.lock(conn, id.check())
    if found is None:
        raise NotFound()
    return found
