"""Commit (I3): an artifact becomes live only while all it derives from is."""

from collections.abc import Sequence
from dataclasses import dataclass

from governance.errors import Conflict, Fenced, Gone, GovernanceError, NotFound
from governance.failpoints import FailPoint, reach
from governance.gate import hot_leaves
from governance.gate.context import GateContext
from governance.ledger import artifacts, fences
from governance.ledger.database import Connection, together
from governance.ledger.leaves import record_encoded
from governance.model import Artifact, ArtifactId, ArtifactState, Receipt


@dataclass(frozen=True, slots=True)
class Commit:
    id: ArtifactId
    receipt: Receipt


async def apply(context: GateContext, conn: Connection, ops: Sequence[Commit]) -> Sequence[Artifact | GovernanceError]:
    """Make a batch live; repeating a commit answers as the first time."""
    await fences.pass_through(conn)
    receipts = {op.id: op.receipt for op in ops}
    before, live = await together(
        artifacts.lock_for_commit(conn, receipts), artifacts.make_live(conn, list(receipts.items()))
    )
    if live:
        at = hot_leaves.at(context.clock())
        await record_encoded(conn, [hot_leaves.live(id, at) for id in live])
    reach(FailPoint.COMMIT_ROWS)
    repeated = {id for id, one in before.items() if one.state is ArtifactState.LIVE}
    stored = await artifacts.get_sealed(conn, repeated) if repeated else {}
    return [live.get(op.id) or _other(op, before.get(op.id), stored.get(op.id)) for op in ops]


def _other(op: Commit, before: Artifact | None, stored: artifacts.Sealed | None) -> Artifact | GovernanceError:
    """Why it did not become live now."""
    if before is None:
        return NotFound(f"there is no {op.id}")
    if stored is not None:
        return before if stored.version_id == op.receipt.version_id else Conflict(f"{op.id} was committed already")
    if before.state is ArtifactState.ERASED:
        return Gone()
    return Fenced(f"{op.id} or what it derives from was erased meanwhile")
