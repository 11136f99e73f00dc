"""What must hold when a round is over; everything that does not is counted."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from benchmarks.governance.campaign.diary import Diary, Person, content
from benchmarks.governance.campaign.worker import few_at_once, persist
from governance.audit.errors import CertificateError
from governance.audit.verify import verify
from governance.errors import Gone, GovernanceError, NotFound
from governance.holder import Holder
from governance.ids import ArtifactId, RequestId
from governance.model import Purpose, SubjectStatus
from governance.residue.canary import Canary
from governance.residue.files import directory
from governance.residue.memory import processes
from governance.residue.report import Place, ScanReport
from governance.residue.scanner import Scanner
from governance.service import GovernanceService

_SWEEPS, _SWEEP_S = 200, 0.1


@dataclass(slots=True)
class Tally:
    """All must be 0 but `erasures` and `certificates`, which must be equal, and what was looked at."""

    erasures: int = 0
    certificates: int = 0
    artifacts_erased: int = 0
    artifacts_kept: int = 0
    orphans: int = 0
    resurrections: int = 0
    changed: int = 0
    residues: int = 0
    scanned_bytes: int = 0
    complaints: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        wrong = self.orphans + self.resurrections + self.changed + self.residues
        return not wrong and self.erasures == self.certificates

    def counts(self) -> dict[str, int]:
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "complaints"}

    def complain(self, what: str) -> None:
        self.complaints.append(what)

    def count_residues(self, reports: Iterable[ScanReport]) -> None:
        for report in reports:
            self.residues += len(report.findings)
            self.scanned_bytes += sum(report.scanned.values())
            self.complaints += map(str, report.findings)


async def check_round(tally: Tally, service: GovernanceService, holder: Holder, diary: Diary, seed: int) -> None:
    """Certificates verify, the erased stays unreadable, the others' bytes are the same, no bytes without a row."""
    tally.erasures += len(diary.requests)
    await few_at_once(_check_certified(tally, service, RequestId(request)) for request in diary.requests)
    await few_at_once(_check_person(tally, service, holder, number, one, seed) for number, one in diary.people.items())
    left = await _orphans(service)
    tally.orphans += len(left)
    for key in left:
        tally.complain(f"orphan {key}")


async def _check_certified(tally: Tally, service: GovernanceService, request: RequestId) -> None:
    certificate = await service.certificate(request)
    try:
        verify(certificate.document.encode() if certificate else b"")
    except CertificateError as error:
        tally.complain(f"{request}: {error}")
    else:
        tally.certificates += 1


async def _check_person(
    tally: Tally, service: GovernanceService, holder: Holder, number: int, person: Person, seed: int
) -> None:
    for id, what in person.made:
        if id in person.erased:
            await _check_erased(tally, holder, id)
        else:
            await _check_kept(tally, holder, id, content(seed, number, what))
    if person.erased and number % 3 != 2:
        status = (await service.subject(person.id)).status
        tally.resurrections += status is not SubjectStatus.ERASED


async def _check_erased(tally: Tally, holder: Holder, id: ArtifactId) -> None:
    tally.artifacts_erased += 1
    if await persist(lambda: _read(holder, id)) is not None:
        tally.resurrections += 1
        tally.complain(f"{id} can be read")


async def _check_kept(tally: Tally, holder: Holder, id: ArtifactId, expected: bytes) -> None:
    tally.artifacts_kept += 1
    if await persist(lambda: _read(holder, id)) != expected:
        tally.changed += 1
        tally.complain(f"{id} is not what was written")


async def _read(holder: Holder, id: ArtifactId) -> bytes | None:
    try:
        async with holder.plaintext(id, Purpose.TRAINING) as buffer:
            return bytes(buffer)
    except (Gone, NotFound):
        return None


async def _orphans(service: GovernanceService) -> list[str]:
    """A writer that was killed may have finished its last PUT: the sweep has until then."""
    left: list[str] = []
    for _ in range(_SWEEPS):
        try:
            await service.parts.orphans.sweep()
            left = list(await service.parts.orphans.find())
        except GovernanceError:
            left = ["the bucket could not be listed"]
        if not left:
            return []
        await asyncio.sleep(_SWEEP_S)
    return left


def residues(diaries: Iterable[tuple[Diary, int]], folder: Path, pids: Iterable[int]) -> Sequence[ScanReport]:
    """Raw bytes of every file of the servers, and their memory, for contents; the files for sealed bytes too."""
    plain, sealed = [], []
    for round, (diary, seed) in enumerate(diaries):
        for number, person in diary.people.items():
            for (id, what), piece in zip(person.made, person.slices, strict=True):
                if id in person.erased:
                    name = f"r{round}-p{number}-{what}"
                    plain.append(Canary.text(name, content(seed, number, what)[:64].decode()))
                    sealed.append(Canary.raw(f"{name}-sealed", piece))
    if not plain:
        return []
    return [
        Scanner(plain).scan(source for places in (directory(Place.DATA, folder), processes(pids)) for source in places),
        Scanner(sealed).scan(directory(Place.DATA, folder)),
    ]
