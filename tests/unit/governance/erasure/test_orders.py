"""What a batch of wishes makes: one order for each target, and an answer for everybody."""

from governance.clock import utc_now
from governance.erasure.orders import Asked, Known, Orders
from governance.errors import Gone, NotFound
from governance.ledger.closure import Reached
from governance.model import (
    Artifact,
    ArtifactId,
    ArtifactState,
    By,
    Kind,
    Purpose,
    Request,
    RequestKind,
    RequestState,
    Subject,
    SubjectId,
    SubjectStatus,
    Target,
)

OWNER, STRANGER = SubjectId.new(), SubjectId.new()


def photo(state: ArtifactState = ArtifactState.LIVE) -> Artifact:
    id = ArtifactId.new()
    return Artifact(
        id=id, kind=Kind.PHOTO, subjects=(OWNER,), parents=(), purpose=Purpose.TRAINING, run=None, state=state,
        location=id.location(OWNER), size=1, created_at=utc_now(), deadline=None,
    )  # fmt: skip


def known(*artifacts: Artifact, person: SubjectStatus = SubjectStatus.ACTIVE) -> Known:
    people = {OWNER: Subject(OWNER, "eu-north-1", person, utc_now())}
    each: dict[Target, list[Reached]] = {one.id: [Reached(one.id.uuid, one.kind, one.state, None)] for one in artifacts}
    reached = each | {OWNER: [some for alone in each.values() for some in alone]}
    return Known({}, people, {one.id: one for one in artifacts}, reached)


def opened(orders: Orders) -> dict:
    """As the fence would."""
    now = utc_now()
    return {
        one.id: Request(
            id=one.id, kind=RequestKind.ERASURE, owner=one.owner, target=one.target, state=RequestState.FENCED,
            created_at=now, due_at=now, completed_at=None, counts={}, held={},
        )
        for one in orders.new
    }  # fmt: skip


def test_the_same_target_is_one_order_and_a_stranger_is_refused() -> None:
    made = photo()
    asked = [Asked(made.id, By.SUBJECT, STRANGER), Asked(made.id, By.SUBJECT, OWNER), Asked(made.id, By.OPERATOR, None)]
    orders = Orders(asked, known(made))
    refused, first, again = orders.answers(opened(orders))
    assert isinstance(refused, NotFound)
    assert isinstance(first, Request)
    assert again == first
    assert [[some.id for some in one.reached] for one in orders.new] == [[made.id.uuid]]


def test_what_is_gone_or_was_never_there_makes_no_order() -> None:
    erased = photo(ArtifactState.ERASED)
    asked = [Asked(erased.id, By.SUBJECT, None), Asked(ArtifactId.new(), By.SUBJECT, None)]
    orders = Orders(asked, known(erased))
    assert [type(one) for one in orders.answers({})] == [Gone, NotFound]
    assert orders.new == []


def test_a_person_goes_with_all_that_is_theirs_and_only_once() -> None:
    made = photo()
    order = Orders([Asked(OWNER, By.SUBJECT, OWNER)], known(made))
    assert [(one.target, [some.id for some in one.reached]) for one in order.new] == [(OWNER, [made.id.uuid])]
    (again,) = Orders([Asked(OWNER, By.SUBJECT, OWNER)], known(person=SubjectStatus.ERASING)).answers({})
    assert isinstance(again, Gone)


def test_what_goes_with_an_earlier_one_of_the_batch_is_gone() -> None:
    """The fence opens no request for it."""
    made = photo()
    orders = Orders([Asked(made.id, By.SUBJECT, None)], known(made))
    (answer,) = orders.answers({})
    assert isinstance(answer, Gone)
