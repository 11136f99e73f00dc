"""What the ingress asks of governance about rights; part of `governance.api.Governance`."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from governance.model import Artifact, ArtifactId, Page, Purpose, RequestId, SubjectId, Target
from governance.rights.model import (
    Alarm,
    Breach,
    BreachId,
    BreachStep,
    ComplianceReport,
    Disclosure,
    Dossier,
    NewBreach,
    NewDisclosure,
    NewRightsRequest,
    NewShare,
    NewTransfer,
    ProcessingRegister,
    RightsRequest,
    Settlement,
    Share,
    ShareId,
    Takedown,
    TakedownReason,
    Transfer,
)


class RightsApi(Protocol):
    """Requests with their clocks, the officer's records, and what is generated from the data."""

    async def ask(self, new: NewRightsRequest) -> RightsRequest:
        """Restriction and objection take effect now, an erasure is fenced now; the others are received. The same asked
        again, or an outside tool's number, answers with the same request. `Refused`, `Gone`, `NotFound`."""

    async def rights_request(self, id: RequestId, owner: SubjectId | None = None) -> RightsRequest:
        """Also an erasure. `NotFound` for another person's."""

    async def rights_by_number(self, number: UUID) -> RightsRequest | None:
        """What an outside tool's number stands for."""

    async def rights_requests(
        self, owner: SubjectId | None = None, only_open: bool = False, after: str | None = None, limit: int = 50
    ) -> Page[RightsRequest]:
        """The queue, newest first; without `owner` everybody's."""

    async def settle(self, id: RequestId, end: Settlement) -> RightsRequest:
        """The answer. `Conflict` when another answer was given."""

    async def extend(self, id: RequestId) -> RightsRequest:
        """Two further months (article 12(3)), once. `Conflict`."""

    async def withdraw(self, id: RequestId, owner: SubjectId | None = None) -> RightsRequest:
        """Takes back what is open; lifts a restriction or an objection in force. `Conflict`, `NotFound`."""

    async def objections(self, subject: SubjectId) -> frozenset[Purpose]:
        """What this person said no to."""

    async def take_export(self) -> RightsRequest | None:
        """A request for an archive that nobody is making, lent to the caller for a while."""

    async def put_back_export(self, id: RequestId) -> None:
        """It could not be made now; another tries later."""

    async def dossier(self, subject: SubjectId) -> Dossier:
        """Everything the ledger knows of a person. `Gone`, `NotFound`."""

    async def alarms(self) -> Sequence[Alarm]:
        """Clocks that near or passed their end and still run."""

    async def take_down(self, target: Target, reason: TakedownReason) -> Takedown:
        """Erases without being asked; the record says why and has no personal data (P10.2). Idempotent."""

    async def disclose(self, new: NewDisclosure) -> Disclosure:
        """Records data given to an authority (P5.3). `Refused` unless its texts are short words."""

    async def disclosures(self, subject: SubjectId | None = None) -> Sequence[Disclosure]: ...

    async def give_share(self, new: NewShare) -> Share:
        """Consent to pictures of both (P5.2); given again it is the same. `NotFound` for a model that is not the
        giver's and for an unknown receiver, `Gone`, `Refused`."""

    async def shares(self, person: SubjectId) -> Sequence[Share]:
        """In force, given and received, newest first."""

    async def shared_model(self, id: ArtifactId, person: SubjectId) -> Artifact:
        """A model that is this person's own or shared with them. `NotFound`, `Gone`."""

    async def withdraw_share(self, id: ShareId, giver: SubjectId) -> Share:
        """No picture is made with it any more, what is being made ends, and every picture of both is erased.
        Idempotent. `NotFound`."""

    async def transfer(self, new: NewTransfer) -> Transfer:
        """Records data given to a processor. `Refused` without a contract that names every field (P5.1, P5.4)."""

    async def record_breach(self, new: NewBreach) -> Breach:
        """From its finding on 72 hours run."""

    async def breaches(self) -> Sequence[Breach]: ...

    async def advance_breach(self, id: BreachId, step: BreachStep, late_reason: str | None = None) -> Breach:
        """`Refused` for a late notification without a reason, and for closing before those were told who must be."""

    async def processing_register(self) -> ProcessingRegister:
        """Article 30, from policy and processors."""

    async def compliance_report(self) -> ComplianceReport:
        """From ledger and audit log; `findings` names what is not as promised."""
