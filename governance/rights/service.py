"""Rights in process: `api.RightsApi` over the parts of this house."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from governance.model import Artifact, ArtifactId, Page, Purpose, RequestId, SubjectId, Target
from governance.rights.alarms import Alarms
from governance.rights.breaches import Breaches
from governance.rights.dossiers import Dossiers
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
from governance.rights.reports import Reports
from governance.rights.requests import RightsRequests
from governance.rights.shares import Shares
from governance.rights.sharing import Sharing


@dataclass(frozen=True, slots=True)
class RightsParts:
    """Everything that rights consist of."""

    requests: RightsRequests
    dossiers: Dossiers
    alarms: Alarms
    sharing: Sharing
    shares: Shares
    breaches: Breaches
    reports: Reports


class RightsService:
    """Implements `api.RightsApi`; see there."""

    rights: RightsParts

    async def ask(self, new: NewRightsRequest) -> RightsRequest:
        return await self.rights.requests.ask(new)

    async def rights_request(self, id: RequestId, owner: SubjectId | None = None) -> RightsRequest:
        return await self.rights.requests.get(id, owner)

    async def rights_by_number(self, number: UUID) -> RightsRequest | None:
        return await self.rights.requests.by_number(number)

    async def rights_requests(
        self, owner: SubjectId | None = None, only_open: bool = False, after: str | None = None, limit: int = 50
    ) -> Page[RightsRequest]:
        return await self.rights.requests.listed(owner, only_open, after, limit)

    async def settle(self, id: RequestId, end: Settlement) -> RightsRequest:
        return await self.rights.requests.settle(id, end)

    async def extend(self, id: RequestId) -> RightsRequest:
        return await self.rights.requests.extend(id)

    async def withdraw(self, id: RequestId, owner: SubjectId | None = None) -> RightsRequest:
        return await self.rights.requests.withdraw(id, owner)

    async def objections(self, subject: SubjectId) -> frozenset[Purpose]:
        return await self.rights.requests.objections(subject)

    async def take_export(self) -> RightsRequest | None:
        return await self.rights.requests.take_export()

    async def put_back_export(self, id: RequestId) -> None:
        await self.rights.requests.put_back_export(id)

    async def dossier(self, subject: SubjectId) -> Dossier:
        return await self.rights.dossiers.of(subject)

    async def alarms(self) -> Sequence[Alarm]:
        return await self.rights.alarms.standing()

    async def take_down(self, target: Target, reason: TakedownReason) -> Takedown:
        return await self.rights.sharing.take_down(target, reason)

    async def disclose(self, new: NewDisclosure) -> Disclosure:
        return await self.rights.sharing.disclose(new)

    async def disclosures(self, subject: SubjectId | None = None) -> Sequence[Disclosure]:
        return await self.rights.sharing.disclosed(subject)

    async def give_share(self, new: NewShare) -> Share:
        return await self.rights.shares.give(new)

    async def shares(self, person: SubjectId) -> Sequence[Share]:
        return await self.rights.shares.listed(person)

    async def shared_model(self, id: ArtifactId, person: SubjectId) -> Artifact:
        return await self.rights.shares.model_for(id, person)

    async def withdraw_share(self, id: ShareId, giver: SubjectId) -> Share:
        return await self.rights.shares.withdraw(id, giver)

    async def transfer(self, new: NewTransfer) -> Transfer:
        return await self.rights.sharing.transfer(new)

    async def record_breach(self, new: NewBreach) -> Breach:
        return await self.rights.breaches.record(new)

    async def breaches(self) -> Sequence[Breach]:
        return await self.rights.breaches.listed()

    async def advance_breach(self, id: BreachId, step: BreachStep, late_reason: str | None = None) -> Breach:
        return await self.rights.breaches.advance(id, step, late_reason)

    async def processing_register(self) -> ProcessingRegister:
        return await self.rights.reports.register()

    async def compliance_report(self) -> ComplianceReport:
        return await self.rights.reports.compliance()
