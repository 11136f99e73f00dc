"""Watches every clock: requests, erasures and breaches raise an alarm before their time is over (P6.2, P7.7)."""

import logging
from collections.abc import Mapping, Sequence

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.ledger import alarms
from governance.ledger.database import Database
from governance.ledger.leaves import record
from governance.rights import clocks
from governance.rights.model import Alarm, ClockKind, Stage

_LOG = logging.getLogger(__name__)

_EVENTS: Mapping[tuple[bool, Stage], LeafEvent] = {
    (False, Stage.SOON): LeafEvent.REQUEST_DUE_SOON,
    (False, Stage.OVERDUE): LeafEvent.REQUEST_OVERDUE,
    (True, Stage.SOON): LeafEvent.BREACH_DUE_SOON,
    (True, Stage.OVERDUE): LeafEvent.BREACH_OVERDUE,
}


class Alarms:
    """`sweep` is a chore; every stage of every clock is raised once, in the log of the process and in the audit log."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def sweep(self) -> Sequence[Alarm]:
        """Those that were raised now."""
        async with self._database.transaction() as conn:
            now = self._clock()
            raised = await alarms.raise_due(conn, now, clocks.ERASURE_WARNING, clocks.BREACH_WARNING)
            if raised:
                await record(conn, [_leaf(one) for one in raised])
        for one in raised:
            _LOG.warning("%s %s is %s: due at %s", one.kind, one.about, one.stage, one.due_at)
        return raised

    async def standing(self) -> Sequence[Alarm]:
        """What is still to be done, the most urgent first."""
        async with self._database.transaction() as conn:
            return await alarms.standing(conn)


def _leaf(one: Alarm) -> Leaf:
    breach = one.kind is ClockKind.BREACH
    request = None if breach else one.about
    return Leaf(event=_EVENTS[breach, one.stage], at=one.raised_at, request=request, words={"kind": one.kind})
