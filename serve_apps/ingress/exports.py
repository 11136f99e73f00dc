"""Makes the archives that people asked for: each under a lease, in a run of its own, sealed like any other artifact."""

import asyncio
import contextlib
import logging

from governance.background import end
from governance.errors import GovernanceError
from governance.model import Artifact, ArtifactId, Kind, NewArtifact, NewRun, Purpose, RunId, RunState
from governance.rights.model import Dossier, Outcome, RightsRequest, Settlement
from serve_apps.ingress.archive import Archive
from serve_apps.ingress.services import Services

log = logging.getLogger("pixreunion.ingress")

POLL_S = 5.0
EARLIER_ARCHIVE, LEGAL_DUTY = "an-earlier-archive", "kept-by-a-legal-duty-alone"


class ExportDesk:
    """One task in each ingress replica: the ledger gives each request to one of them, and to another when that one
    died."""

    def __init__(self, parts: Services) -> None:
        self._parts = parts
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="export desk")

    async def stop(self) -> None:
        if self._task is not None:
            await end([self._task])

    async def _work(self) -> None:
        while True:
            try:
                while (request := await self._parts.governance.take_export()) is not None:
                    await answer(self._parts, request)
            except GovernanceError as error:
                log.warning("exports rest: %s", error.code)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._parts.export_wanted.wait()
            self._parts.export_wanted.clear()


async def answer(parts: Services, request: RightsRequest) -> None:
    """Makes one archive and answers with it; puts the request back when that is not possible now."""
    try:
        made = await make(parts, request)
    except GovernanceError as error:
        log.warning("the archive for %s could not be made: %s", request.id, error.code)
        await parts.governance.put_back_export(request.id)
        return
    await parts.governance.settle(request.id, Settlement(Outcome.FULFILLED, result=made.id))


async def make(parts: Services, request: RightsRequest) -> Artifact:
    """The archive as an artifact, derived from everything in it: what goes takes the archive along."""
    dossier = await parts.governance.dossier(request.subject)
    shown = [one for one in dossier.artifacts if one.kind is not Kind.EXPORT]
    inputs = tuple(one.id for one in shown)
    run = await parts.governance.start_run(NewRun(Purpose.EXPORT, (request.subject,), inputs))
    outcome = RunState.FAILED
    try:
        artifact = await _write(parts, dossier, shown, run.id)
        outcome = RunState.SUCCEEDED
        return artifact
    finally:
        await asyncio.shield(parts.governance.finish_run(run.id, outcome))


async def _write(parts: Services, dossier: Dossier, shown: list[Artifact], run: RunId) -> Artifact:
    archive = Archive(dossier, parts.policy)
    try:
        for artifact in shown:
            async with parts.holder.plaintext(artifact.id, Purpose.EXPORT) as data:
                archive.add(artifact, data)
    except BaseException:
        archive.wipe()
        raise
    for artifact in dossier.artifacts:
        if artifact.kind is Kind.EXPORT:
            archive.leave_out(artifact, EARLIER_ARCHIVE)
    for artifact in dossier.held:
        archive.leave_out(artifact, LEGAL_DUTY)
    data = archive.finish()
    parents: tuple[ArtifactId, ...] = tuple(artifact.id for artifact in shown)
    try:
        new = NewArtifact(Kind.EXPORT, (dossier.subject.id,), Purpose.EXPORT, parents, run)
        return await parts.holder.write(new, data)
    finally:
        data[:] = bytes(len(data))
