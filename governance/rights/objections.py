"""Objection: a purpose is switched off for a person, and what runs for it ends (P7.3)."""

from datetime import datetime
from functools import partial

from governance.audit.leaf import Leaf, LeafEvent
from governance.ledger import decisions, objections
from governance.ledger.database import Connection
from governance.ledger.decisions import Decision, What
from governance.ledger.leaves import record
from governance.model import Purpose, RunState, SubjectId

DECIDED_BY_THE_OFFICER = frozenset({Purpose.SECURITY})
"""Compelling grounds may weigh more (article 21(1)); every other objection takes effect at once."""


async def apply(conn: Connection, subject: SubjectId, purpose: Purpose, now: datetime) -> None:
    """Refuse the purpose from now on; cancel its runs and jobs. Holders drop their copies at their next renewal."""
    said = await objections.of_subject(conn, subject)
    await objections.set_purposes(conn, subject, said | {purpose})
    await decisions.note(conn, [Decision(What.OBJECTED, subject.uuid, now, {"purpose": purpose})])
    runs = await objections.cancel_runs(conn, subject, purpose, now)
    jobs = await objections.cancel_jobs(conn, subject, now) if purpose is Purpose.TRAINING else 0
    about = partial(Leaf, at=now)
    await record(
        conn,
        [
            *[about(event=LeafEvent.RUN_FINISHED, run=run, words={"state": RunState.CANCELED}) for run in runs],
            about(
                event=LeafEvent.OBJECTION_RECORDED,
                subject=subject,
                words={"purpose": purpose},
                counts={"runs": len(runs), "jobs": jobs},
            ),
        ],
    )


async def take_back(conn: Connection, subject: SubjectId, purpose: Purpose, now: datetime) -> None:
    said = await objections.of_subject(conn, subject)
    await objections.set_purposes(conn, subject, said - {purpose})
    await decisions.note(conn, [Decision(What.AGREED_AGAIN, subject.uuid, now, {"purpose": purpose})])
    leaf = Leaf(event=LeafEvent.OBJECTION_WITHDRAWN, at=now, subject=subject, words={"purpose": purpose})
    await record(conn, [leaf])
