"""Legal states and transitions as data; the database holds the same table and refuses everything else.

Artifact:

    (A) registered ──B──► live ──C──► erasing ──D──► erased
            │              │             ▲
            └──────E───────┼─────────────┤
                           └──F──► held ─┘G

A  a row, a key and a deadline exist; no byte was written yet
B  bytes are stored and every ancestor and subject is live still
C  fenced: the key is destroyed, nothing can read it any more
D  every version of its bytes is gone and the row is scrubbed
E  the write failed, was abandoned, or an ancestor was fenced meanwhile
F  erasure was asked for while a legal hold stands: kept under a custody key, readable for that purpose alone
G  the last hold ended
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from itertools import pairwise

from governance.model import ArtifactState as A
from governance.model import JobState as J
from governance.model import RequestState as Q
from governance.model import RunState as R
from governance.model import SubjectStatus as S
from governance.rights.model import BreachState as B
from governance.rights.model import RightState as D
from governance.support.model import TicketState as T

Transitions = frozenset[tuple[StrEnum, StrEnum]]


def _machine(ways: Mapping[StrEnum, Collection[StrEnum]]) -> Transitions:
    """From the states that each state can go to; those that are not named are ends."""
    return frozenset((from_state, to_state) for from_state, ends in ways.items() for to_state in ends)


ARTIFACT = _machine({
    A.REGISTERED: {A.LIVE, A.ERASING},
    A.LIVE: {A.ERASING, A.HELD},
    A.HELD: {A.ERASING},
    A.ERASING: {A.ERASED},
})  # fmt: skip

SUBJECT = _machine({
    S.ACTIVE: {S.FROZEN, S.ERASING},
    S.FROZEN: {S.ACTIVE, S.ERASING},
    S.ERASING: {S.ERASED},
})  # fmt: skip

RUN = _machine({R.RUNNING: {R.SUCCEEDED, R.FAILED, R.CANCELED}})

REQUEST: Transitions = frozenset(pairwise(Q))
"""Step by step, in the order in which they are written."""

JOB = _machine({
    J.QUEUED: {J.STARTING, J.CANCELED},
    J.STARTING: {J.PROCESSING, J.QUEUED, J.SUCCEEDED, J.FAILED, J.CANCELED},
    J.PROCESSING: {J.QUEUED, J.SUCCEEDED, J.FAILED, J.CANCELED},
})  # fmt: skip

RIGHT = _machine({
    D.RECEIVED: {D.WORKING, D.ANSWERED, D.REFUSED, D.WITHDRAWN},
    D.WORKING: {D.RECEIVED, D.ANSWERED, D.REFUSED, D.WITHDRAWN},
    D.ANSWERED: {D.WITHDRAWN},
})  # fmt: skip

BREACH = _machine({B.OPEN: {B.NOTIFIED, B.CLOSED}, B.NOTIFIED: {B.CLOSED}})

TICKET = _machine({
    T.OPEN: {T.ANSWERED, T.CLOSED},
    T.ANSWERED: {T.OPEN, T.CLOSED},
    T.CLOSED: {T.OPEN},
})  # fmt: skip

MACHINES: Mapping[str, Transitions] = {
    "artifacts": ARTIFACT,
    "subjects": SUBJECT,
    "runs": RUN,
    "requests": REQUEST,
    "jobs": JOB,
    "rights_requests": RIGHT,
    "breaches": BREACH,
    "tickets": TICKET,
}
"""Table name to its transitions, as the database's `transitions` table holds them."""
