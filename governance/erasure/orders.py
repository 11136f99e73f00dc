"""What is asked to be erased, looked up together: what of it makes an order, and what is answered at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from governance.errors import Gone, GovernanceError, NotFound
from governance.ledger import artifacts, closure, requests, subjects
from governance.ledger.closure import Reached, Roots
from governance.ledger.database import Connection, together
from governance.model import (
    Artifact,
    ArtifactId,
    ArtifactState,
    By,
    Request,
    RequestId,
    RequestKind,
    Subject,
    SubjectId,
    SubjectStatus,
    Target,
)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to go: all that the closure reached, in the order of its ids; whose it is, and for whom it is asked."""

    kind: RequestKind
    owner: SubjectId
    target: Target | None
    by: By
    reached: Sequence[Reached]
    id: RequestId = field(default_factory=RequestId.new)


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody wants it gone; with `owner` only if it is that person's."""

    target: Target
    by: By
    owner: SubjectId | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger says about the targets of a batch; people and what goes with each target are locked."""

    requests: Mapping[Target, Request]
    people: Mapping[SubjectId, Subject]
    artifacts: Mapping[ArtifactId, Artifact]
    reached: Mapping[Target, Sequence[Reached]]

    @classmethod
    async def of(cls, conn: Connection, targets: Iterable[Target], now: datetime) -> "Known":
        """All of it is asked for at once: everybody else waits at the gate."""
        wanted = list(dict.fromkeys(targets))
        people = [one for one in wanted if isinstance(one, SubjectId)]
        pieces = [one for one in wanted if isinstance(one, ArtifactId)]
        asked, locked, found, reached = await together(
            requests.of_targets(conn, wanted),
            subjects.lock_all(conn, people),
            artifacts.get_all(conn, pieces),
            closure.take(conn, [_roots(one) for one in wanted], now),
        )
        return cls(asked, locked, found, dict(zip(wanted, reached, strict=True)))


def _roots(target: Target) -> Roots:
    return Roots(person=target) if isinstance(target, SubjectId) else Roots([target.uuid])


class Orders:
    """The orders of a batch, one for each target at most; who asks for the same again shares it."""

    def __init__(self, asked: Sequence[Asked], known: Known) -> None:
        self._asked, self._known = asked, known
        self._new: dict[Target, Order] = {}
        self._refusals = [self._refusal(one) for one in asked]

    @property
    def new(self) -> Sequence[Order]:
        return list(self._new.values())

    def answers(self, opened: Mapping[RequestId, Request]) -> Sequence[Request | GovernanceError]:
        """To everybody who asked, in their order; `opened` are the requests that came of the orders."""
        return [refusal or self._answer(one, opened) for one, refusal in zip(self._asked, self._refusals, strict=True)]

    def _refusal(self, asked: Asked) -> GovernanceError | None:
        """None when there is a request or an order, an earlier one or a new one."""
        if asked.target in self._known.requests or asked.target in self._new:
            return None
        try:
            self._new[asked.target] = self._order(asked)
        except GovernanceError as error:
            return error
        return None

    def _order(self, asked: Asked) -> Order:
        if isinstance(asked.target, SubjectId):
            _check_person(self._known.people.get(asked.target), asked.owner)
            return Order(RequestKind.ERASURE, asked.target, asked.target, asked.by, self._known.reached[asked.target])
        artifact = self._known.artifacts.get(asked.target)
        if artifact is None or (asked.owner is not None and not artifact.shows_to(asked.owner)):
            raise NotFound()
        if artifact.state in (ArtifactState.ERASING, ArtifactState.ERASED):
            raise Gone()
        owner = asked.owner or artifact.subjects[0]
        return Order(RequestKind.ERASURE, owner, asked.target, asked.by, self._known.reached[asked.target])

    def _answer(self, asked: Asked, opened: Mapping[RequestId, Request]) -> Request | GovernanceError:
        request = self._known.requests.get(asked.target)
        if request is None:
            request = opened.get(self._new[asked.target].id)
        if request is None:
            return Gone()
        return request if asked.owner in (None, request.owner) else NotFound()


def _check_person(person: Subject | None, owner: SubjectId | None) -> None:
    if person is None or owner not in (None, person.id):
        raise NotFound()
    if person.status in (SubjectStatus.ERASING, SubjectStatus.ERASED):
        raise Gone()
