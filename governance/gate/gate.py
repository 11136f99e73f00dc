"""The door itself: one group commit for each kind of operation, and reads."""

from functools import partial

from governance.gate import commit, grant, look, register
from governance.gate.commit import Commit
from governance.gate.context import GateContext
from governance.gate.grant import Read
from governance.gate.look import Look
from governance.gate.register import Registration
from governance.ledger import artifacts
from governance.ledger.database import Database
from governance.ledger.group import GroupCommit
from governance.model import (
    Artifact,
    ArtifactId,
    Grant,
    HolderId,
    Id,
    Kind,
    NewArtifact,
    Page,
    Purpose,
    Receipt,
    SubjectId,
    Ticket,
)

_PAGE_LIMIT = 200


class Gate:
    """See `api.GateApi` for what each call promises."""

    def __init__(self, database: Database, context: GateContext, max_batch: int) -> None:
        self._database = database
        self._context = context
        self._registrations: GroupCommit[Registration, Ticket] = GroupCommit(
            database, partial(register.apply, context), max_batch
        )
        self._commits: GroupCommit[Commit, Artifact] = GroupCommit(database, partial(commit.apply, context), max_batch)
        self._reads: GroupCommit[Read, Grant] = GroupCommit(database, partial(grant.apply, context), max_batch)
        self._looks: GroupCommit[Look, Artifact] = GroupCommit(database, partial(look.apply, context), max_batch)

    async def close(self) -> None:
        for group in (self._registrations, self._commits, self._reads, self._looks):
            await group.close()

    async def register(self, new: NewArtifact, holder: HolderId) -> Ticket:
        _well_formed(holder, *new.subjects, *new.parents, *([new.run] if new.run else []))
        return await self._registrations.submit(Registration(new, holder))

    async def commit(self, id: ArtifactId, receipt: Receipt) -> Artifact:
        _well_formed(id)
        return await self._commits.submit(Commit(id, receipt))

    async def grant(self, id: ArtifactId, purpose: Purpose, holder: HolderId) -> Grant:
        _well_formed(id, holder)
        return await self._reads.submit(Read(id, purpose, holder))

    async def artifact(self, id: ArtifactId, owner: SubjectId | None) -> Artifact:
        return await self._looks.submit(Look(id.check(), owner))

    async def artifacts(self, owner: SubjectId, kind: Kind | None, after: str | None, limit: int) -> Page[Artifact]:
        wanted = max(1, min(limit, _PAGE_LIMIT))
        before = ArtifactId(after) if after else None
        async with self._database.transaction() as conn:
            found = await artifacts.of_subject(conn, owner, kind, before, wanted + 1, self._context.clock())
        page = tuple(found[:wanted])
        return Page(page, page[-1].id if len(found) > wanted else None)


def _well_formed(*ids: Id) -> None:
    """A malformed id is refused here, for it would fail the whole batch later."""
    for id in ids:
        id.check()
