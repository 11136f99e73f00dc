"""Rights through the actor's handle: `api.RightsApi` for `governance.client.GovernanceClient`."""

from collections.abc import Sequence
from typing import Any
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


class RightsClient:
    """Implements `api.RightsApi`; see there."""

    async def _call(self, name: str, *args: Any, **options: Any) -> Any:
        """The answer of the actor; `GovernanceClient` asks it."""
        raise AssertionError("RightsClient is a part of GovernanceClient")

    async def ask(self, new: NewRightsRequest) -> RightsRequest:
        answer: RightsRequest = await self._call("ask", new)
        return answer

    async def rights_request(self, id: RequestId, owner: SubjectId | None = None) -> RightsRequest:
        answer: RightsRequest = await self._call("rights_request", id, owner)
        return answer

    async def rights_by_number(self, number: UUID) -> RightsRequest | None:
        answer: RightsRequest | None = await self._call("rights_by_number", number)
        return answer

    async def rights_requests(
        self, owner: SubjectId | None = None, only_open: bool = False, after: str | None = None, limit: int = 50
    ) -> Page[RightsRequest]:
        answer: Page[RightsRequest] = await self._call("rights_requests", owner, only_open, after, limit)
        return answer

    async def settle(self, id: RequestId, end: Settlement) -> RightsRequest:
        answer: RightsRequest = await self._call("settle", id, end)
        return answer

    async def extend(self, id: RequestId) -> RightsRequest:
        answer: RightsRequest = await self._call("extend", id)
        return answer

    async def withdraw(self, id: RequestId, owner: SubjectId | None = None) -> RightsRequest:
        answer: RightsRequest = await self._call("withdraw", id, owner)
        return answer

    async def objections(self, subject: SubjectId) -> frozenset[Purpose]:
        answer: frozenset[Purpose] = await self._call("objections", subject)
        return answer

    async def take_export(self) -> RightsRequest | None:
        answer: RightsRequest | None = await self._call("take_export")
        return answer

    async def put_back_export(self, id: RequestId) -> None:
        await self._call("put_back_export", id)

    async def dossier(self, subject: SubjectId) -> Dossier:
        answer: Dossier = await self._call("dossier", subject)
        return answer

    async def alarms(self) -> Sequence[Alarm]:
        answer: Sequence[Alarm] = await self._call("alarms")
        return answer

    async def take_down(self, target: Target, reason: TakedownReason) -> Takedown:
        answer: Takedown = await self._call("take_down", target, reason)
        return answer

    async def disclose(self, new: NewDisclosure) -> Disclosure:
        answer: Disclosure = await self._call("disclose", new)
        return answer

    async def disclosures(self, subject: SubjectId | None = None) -> Sequence[Disclosure]:
        answer: Sequence[Disclosure] = await self._call("disclosures", subject)
        return answer

    async def give_share(self, new: NewShare) -> Share:
        answer: Share = await self._call("give_share", new)
        return answer

    async def shares(self, person: SubjectId) -> Sequence[Share]:
        answer: Sequence[Share] = await self._call("shares", person)
        return answer

    async def shared_model(self, id: ArtifactId, person: SubjectId) -> Artifact:
        answer: Artifact = await self._call("shared_model", id, person)
        return answer

    async def withdraw_share(self, id: ShareId, giver: SubjectId) -> Share:
        answer: Share = await self._call("withdraw_share", id, giver)
        return answer

    async def transfer(self, new: NewTransfer) -> Transfer:
        answer: Transfer = await self._call("transfer", new)
        return answer

    async def record_breach(self, new: NewBreach) -> Breach:
        answer: Breach = await self._call("record_breach", new)
        return answer

    async def breaches(self) -> Sequence[Breach]:
        answer: Sequence[Breach] = await self._call("breaches")
        return answer

    async def advance_breach(self, id: BreachId, step: BreachStep, late_reason: str | None = None) -> Breach:
        answer: Breach = await self._call("advance_breach", id, step, late_reason)
        return answer

    async def processing_register(self) -> ProcessingRegister:
        answer: ProcessingRegister = await self._call("processing_register")
        return answer

    async def compliance_report(self) -> ComplianceReport:
        answer: ComplianceReport = await self._call("compliance_report")
        return answer
