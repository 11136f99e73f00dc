"""Looking at what the ledger says of an artifact, without its bytes: many callers' questions in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from governance.errors import Gone, GovernanceError, NotFound
from governance.gate.context import GateContext
from governance.ledger import artifacts, subjects
from governance.ledger.database import Connection
from governance.model import Artifact, ArtifactId, ArtifactState, Subject, SubjectId, SubjectStatus

_GONE = (ArtifactState.ERASING, ArtifactState.ERASED, ArtifactState.HELD)


@dataclass(frozen=True, slots=True)
class Look:
    """With `owner` only if it shows that person."""

    id: ArtifactId
    owner: SubjectId | None


async def apply(context: GateContext, conn: Connection, ops: Sequence[Look]) -> Sequence[Artifact | GovernanceError]:
    """What is past its deadline is gone, unless its person restricted processing meanwhile."""
    found = await artifacts.get_all(conn, {op.id for op in ops})
    now = context.clock()
    late = {one.id: one for one in found.values() if one.deadline is not None and one.deadline <= now}
    people = await subjects.get_all(conn, {who for one in late.values() for who in one.subjects}) if late else {}
    frozen = {id for id, one in late.items() if _is_frozen(one, people)}
    return [_answer(op, found.get(op.id), gone=op.id in late and op.id not in frozen) for op in ops]


def _is_frozen(artifact: Artifact, people: Mapping[SubjectId, Subject]) -> bool:
    return any(people[one].status is SubjectStatus.FROZEN for one in artifact.subjects)


def _answer(op: Look, artifact: Artifact | None, gone: bool) -> Artifact | GovernanceError:
    if artifact is None or (op.owner is not None and not artifact.shows_to(op.owner)):
        return NotFound()
    return Gone() if gone or artifact.state in _GONE else artifact
