"""Consents: given under one version of the policy, live until they are withdrawn."""

from collections.abc import Mapping, Sequence

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.errors import Gone, NotFound
from governance.ids import ConsentId, SubjectId
from governance.ledger import consents, decisions, notices, subjects
from governance.ledger.database import Connection, Database
from governance.ledger.decisions import Decision, What
from governance.ledger.leaves import record
from governance.model import SubjectStatus
from governance.people.model import Consent, ConsentPurpose, Fact
from governance.policy import Policy


class Consents:
    """See `api.PeopleApi` for what each call promises."""

    def __init__(self, database: Database, policy: Policy, clock: Clock) -> None:
        self._database, self._policy, self._clock = database, policy, clock

    async def give(self, subject: SubjectId, purpose: ConsentPurpose) -> Consent:
        async with self._database.transaction() as conn:
            person = await subjects.lock(conn, subject)
            if person.status in (SubjectStatus.ERASING, SubjectStatus.ERASED):
                raise Gone()
            new = Consent(ConsentId.new(), subject, purpose, self._policy.version, self._clock(), None)
            if await consents.give(conn, new):
                await self._record(conn, LeafEvent.CONSENT_GIVEN, new)
            return next(one for one in await consents.of_subject(conn, subject) if one.live and one.purpose is purpose)

    async def withdraw(self, subject: SubjectId, purpose: ConsentPurpose) -> Consent:
        async with self._database.transaction() as conn:
            now = self._clock()
            ended = await consents.withdraw(conn, subject, purpose, now)
            if ended is not None:
                noted = Decision(What.CONSENT_WITHDRAWN, subject.uuid, now, {"purpose": purpose})
                await decisions.note(conn, [noted])
                await self._record(conn, LeafEvent.CONSENT_WITHDRAWN, ended)
                await notices.drop_unwanted(conn, self._clock())
                return ended
            before = [one for one in await consents.of_subject(conn, subject) if one.purpose is purpose]
        if not before:
            raise NotFound("there is no such consent")
        return before[0]

    async def of(self, subject: SubjectId) -> Sequence[Consent]:
        async with self._database.transaction() as conn:
            return await consents.of_subject(conn, subject)

    async def send_newsletter(self, name: str, facts: Mapping[str, Fact]) -> int:
        async with self._database.transaction() as conn:
            return await notices.queue_newsletter(conn, name, facts, self._clock())

    async def _record(self, conn: Connection, event: LeafEvent, one: Consent) -> None:
        words = {"purpose": one.purpose}
        await record(conn, [Leaf(event=event, at=self._clock(), subject=one.subject, words=words)])
