"""Pictures of several people: each one's consent, and what its withdrawal removes (P5.2).

    A (receiver)                            B (giver)
      │                                       │ gives a share of their model to A
      │ starts a run with both models  ◀──────┘
      └─▶ picture: subjects A and B, parents: prompt, A's model, B's model
          the erasure of any of them removes it; so does the withdrawal of the share
"""

from collections.abc import Sequence
from functools import partial

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.erasure.erasure import Erasure
from governance.errors import Gone, NotFound, Refused
from governance.ledger import artifacts, decisions, fences, shares, subjects
from governance.ledger.database import Connection, Database
from governance.ledger.decisions import Decision, What
from governance.ledger.leaves import record
from governance.model import (
    Artifact,
    ArtifactId,
    ArtifactState,
    By,
    Kind,
    LegalBasis,
    RunState,
    SubjectId,
    SubjectStatus,
)
from governance.rights.model import NewShare, Share, ShareId

_DEAD = frozenset({SubjectStatus.ERASING, SubjectStatus.ERASED})


class Shares:
    """See `api.RightsApi` for what each call promises."""

    def __init__(self, database: Database, clock: Clock, erasure: Erasure) -> None:
        self._database, self._clock, self._erasure = database, clock, erasure

    async def give(self, new: NewShare) -> Share:
        if new.giver == new.receiver:
            raise Refused("your own models are yours to use already; name another person's account")
        now = self._clock()
        share = Share(ShareId.new(), new.model.check(), new.giver.check(), new.receiver.check(), now)
        async with self._database.transaction() as conn:
            await fences.pass_through(conn)
            await _check_receiver(conn, new.receiver)
            _own_model((await artifacts.lock_share(conn, [new.model])).get(new.model), new.giver)
            kept = await shares.insert(conn, share)
            if kept.id == share.id:
                words = {"basis": LegalBasis.CONSENT}
                await record(conn, [Leaf(event=LeafEvent.CONSENT_GIVEN, at=now, subject=new.giver, words=words)])
        return kept

    async def listed(self, person: SubjectId) -> Sequence[Share]:
        async with self._database.transaction() as conn:
            return await shares.listed(conn, person)

    async def model_for(self, id: ArtifactId, person: SubjectId) -> Artifact:
        async with self._database.transaction() as conn:
            found = await artifacts.get(conn, id.check())
            if found is None or found.kind is not Kind.ADAPTER or not await _may_use(conn, found, person):
                raise NotFound()
            if found.state is not ArtifactState.LIVE or (found.deadline and found.deadline <= self._clock()):
                raise Gone()
            return found

    async def withdraw(self, id: ShareId, giver: SubjectId) -> Share:
        async with self._database.transaction() as conn:
            share = await shares.lock(conn, id.check())
            if share is None or share.giver != giver:
                raise NotFound()
            if share.withdrawn_at is None:
                share = await self._end(conn, share)
        await self._remove(share)
        return share

    async def finish(self) -> None:
        """A chore: removes what a crash left of the pictures of consents that were withdrawn."""
        async with self._database.transaction() as conn:
            found = await shares.unfinished(conn)
        for share in found:
            await self._remove(share)

    async def _end(self, conn: Connection, share: Share) -> Share:
        ended = await shares.cancel_runs(conn, share, self._clock())
        # The time after that: whatever was registered in those runs is older.
        now = self._clock()
        withdrawn = share.withdrawn(now)
        await shares.withdraw(conn, withdrawn)
        await decisions.note(conn, [Decision(What.SHARE_WITHDRAWN, share.id.uuid, now)])
        about, canceled = partial(Leaf, at=now), {"state": RunState.CANCELED}
        leaves = [about(event=LeafEvent.RUN_FINISHED, run=run, words=canceled) for run in ended]
        await record(conn, [*leaves, about(event=LeafEvent.CONSENT_WITHDRAWN, subject=share.giver)])
        return withdrawn

    async def _remove(self, share: Share) -> None:
        async with self._database.transaction() as conn:
            pictures = await shares.made_with(conn, share.id)
        for picture in pictures:
            await self._erasure.erase(picture, By.SUBJECT, share.giver)


async def check_consents(conn: Connection, orderer: SubjectId, found: Sequence[Artifact]) -> None:
    """`Refused` for a model of somebody who does not share it with `orderer`; what is agreed stays so until this
    transaction ends."""
    for model in found:
        if model.kind is Kind.ADAPTER and not await _may_use(conn, model, orderer):
            raise Refused(f"whoever {model.id} shows has not agreed to pictures together (P5.2)")


async def _may_use(conn: Connection, model: Artifact, person: SubjectId) -> bool:
    return person in model.subjects or await shares.in_force(conn, model.id, person) is not None


async def _check_receiver(conn: Connection, receiver: SubjectId) -> None:
    found = (await subjects.lock_keys(conn, [receiver], [])).get(receiver)
    if found is None or found.state in _DEAD:
        raise NotFound("there is no account with this id")


def _own_model(found: Artifact | None, giver: SubjectId) -> None:
    if found is None or found.kind is not Kind.ADAPTER or giver not in found.subjects:
        raise NotFound()
    if found.subjects != (giver,):
        raise Refused("this model shows several people; each shares a model of their own")
    if found.state is not ArtifactState.LIVE:
        raise Gone()
