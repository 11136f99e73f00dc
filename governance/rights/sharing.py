"""What leaves the house: disclosures that the law demands (P5.3), transfers to processors (P5.1, P5.4), takedowns."""

from collections.abc import Sequence

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.erasure.erasure import Erasure
from governance.errors import Gone, Refused
from governance.ledger import disclosures, subjects
from governance.ledger.database import Database
from governance.ledger.leaves import record
from governance.model import By, LegalBasis, SubjectId, SubjectStatus, Target
from governance.rights.model import (
    Disclosure,
    DisclosureId,
    NewDisclosure,
    NewTransfer,
    Takedown,
    TakedownReason,
    Transfer,
    TransferId,
)
from governance.rights.words import checked


class Sharing:
    """See `api.RightsApi` for what each call promises."""

    def __init__(self, database: Database, clock: Clock, erasure: Erasure) -> None:
        self._database, self._clock, self._erasure = database, clock, erasure

    async def disclose(self, new: NewDisclosure) -> Disclosure:
        if not new.kinds:
            raise Refused("a disclosure names the kinds of data that were given")
        now = self._clock()
        made = Disclosure(
            id=DisclosureId.new(),
            subject=new.subject.check(),
            recipient=checked("recipient", new.recipient),
            basis=checked("basis", new.basis),
            reference=checked("reference", new.reference),
            kinds=new.kinds,
            disclosed_at=now,
        )
        async with self._database.transaction() as conn:
            await subjects.lock(conn, new.subject)
            await disclosures.insert(conn, made)
            words = {"basis": LegalBasis.LEGAL_OBLIGATION}
            event = LeafEvent.DISCLOSURE_RECORDED
            leaf = Leaf(event=event, at=now, subject=new.subject, processor=new.recipient, words=words)
            await record(conn, [leaf])
        return made

    async def disclosed(self, subject: SubjectId | None) -> Sequence[Disclosure]:
        async with self._database.transaction() as conn:
            return await disclosures.listed(conn, subject)

    async def transfer(self, new: NewTransfer) -> Transfer:
        now, id = self._clock(), TransferId.new()
        async with self._database.transaction() as conn:
            subject = await subjects.lock(conn, new.subject.check())
            if subject.status in (SubjectStatus.ERASING, SubjectStatus.ERASED):
                raise Gone()
            known = {one.name: one for one in await disclosures.recipients(conn)}.get(new.processor)
            if known is None:
                raise Refused(
                    "there is no contract with this processor; only those in the register receive data (P5.1)"
                )
            if more := sorted(set(new.fields) - set(known.fields)):
                raise Refused(f"the contract with {known.name} does not name {more[0]} (P5.4)")
            await disclosures.insert_transfer(conn, id, new, now)
            leaf = Leaf(event=LeafEvent.PROCESSOR_SENT, at=now, subject=new.subject, processor=new.processor)
            await record(conn, [leaf])
        return Transfer(id, new.processor, new.subject, new.fields, now)

    async def take_down(self, target: Target, reason: TakedownReason) -> Takedown:
        """Asked again it answers the same, so that a crash between the two steps is mended by repeating it."""
        request = await self._erasure.erase(target, By.OPERATOR, None)
        async with self._database.transaction() as conn:
            now = self._clock()
            ordered_at = await disclosures.insert_takedown(conn, request, reason, now)
            leaf = Leaf(event=LeafEvent.TAKEDOWN_ORDERED, at=now, request=request.id, words={"reason": reason})
            await record(conn, [leaf])
        return Takedown(request, reason, ordered_at)
