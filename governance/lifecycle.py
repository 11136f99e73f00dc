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

from collections.abc import Mapping
from enum import StrEnum

from governance.model import ArtifactState as A
from governance.model import JobState as J
from governance.model import RequestState as Q
from governance.model import RunState as R
from governance.model import SubjectStatus as S
from governance.rights.model import BreachState as B
from governance.rights.model import RightState as D
from governance.support.model import TicketState as T

Transitions = frozenset[tuple[StrEnum, StrEnum]]

ARTIFACT: Transitions = frozenset({
    (A.REGISTERED, A.LIVE),
    (A.REGISTERED, A.ERASING),
    (A.LIVE, A.ERASING),
    (A.LIVE, A.HELD),
    (A.HELD, A.ERASING),
    (A.ERASING, A.ERASED),
})  # fmt: skip

SUBJECT: Transitions = frozenset({
    (S.ACTIVE, S.FROZEN),
    (S.FROZEN, S.ACTIVE),
    (S.ACTIVE, S.ERASING),
    (S.FROZEN, S.ERASING),
    (S.ERASING, S.ERASED),
})  # fmt: skip

RUN: Transitions = frozenset({
    (R.RUNNING, R.SUCCEEDED),
    (R.RUNNING, R.FAILED),
    (R.RUNNING, R.CANCELED),
})  # fmt: skip

REQUEST: Transitions = frozenset({
    (Q.FENCED, Q.DROPPED),
    (Q.DROPPED, Q.DELETED),
    (Q.DELETED, Q.SCRUBBED),
    (Q.SCRUBBED, Q.NOTIFIED),
    (Q.NOTIFIED, Q.SCANNED),
    (Q.SCANNED, Q.COMPLETED),
})  # fmt: skip

JOB: Transitions = frozenset({
    (J.QUEUED, J.STARTING),
    (J.QUEUED, J.CANCELED),
    (J.STARTING, J.PROCESSING),
    (J.STARTING, J.QUEUED),
    (J.STARTING, J.SUCCEEDED),
    (J.STARTING, J.FAILED),
    (J.STARTING, J.CANCELED),
    (J.PROCESSING, J.QUEUED),
    (J.PROCESSING, J.SUCCEEDED),
    (J.PROCESSING, J.FAILED),
    (J.PROCESSING, J.CANCELED),
})  # fmt: skip

RIGHT: Transitions = frozenset({
    (D.RECEIVED, D.WORKING),
    (D.RECEIVED, D.ANSWERED),
    (D.RECEIVED, D.REFUSED),
    (D.RECEIVED, D.WITHDRAWN),
    (D.WORKING, D.RECEIVED),
    (D.WORKING, D.ANSWERED),
    (D.WORKING, D.REFUSED),
    (D.WORKING, D.WITHDRAWN),
    (D.ANSWERED, D.WITHDRAWN),
})  # fmt: skip

BREACH: Transitions = frozenset({
    (B.OPEN, B.NOTIFIED),
    (B.OPEN, B.CLOSED),
    (B.NOTIFIED, B.CLOSED),
})  # fmt: skip

TICKET: Transitions = frozenset({
    (T.OPEN, T.ANSWERED),
    (T.OPEN, T.CLOSED),
    (T.ANSWERED, T.OPEN),
    (T.ANSWERED, T.CLOSED),
    (T.CLOSED, T.OPEN),
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
