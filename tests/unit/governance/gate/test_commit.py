"""Commit: live only while all it derives from is (I3)."""

import pytest

from governance.errors import Conflict, Fenced, Gone, NotFound
from governance.holder import Holder
from governance.model import ArtifactId, ArtifactState, Kind, NewArtifact, Purpose, Receipt
from governance.service import GovernanceService
from tests.support.governance import completed, photo, sign_up

RECEIPT = Receipt(3, b"h" * 32, "v1")


async def test_a_commit_may_be_repeated_but_not_with_another_version(
    service: GovernanceService, holder: Holder
) -> None:
    owner = await sign_up(service)
    ticket = await service.register(NewArtifact(Kind.PHOTO, (owner.id,), Purpose.TRAINING), holder.id)
    first = await service.commit(ticket.artifact.id, RECEIPT)
    assert first.state is ArtifactState.LIVE
    assert await service.commit(ticket.artifact.id, RECEIPT) == first
    with pytest.raises(Conflict):
        await service.commit(ticket.artifact.id, Receipt(3, b"h" * 32, "v2"))
    with pytest.raises(NotFound):
        await service.commit(ArtifactId.new(), RECEIPT)


async def test_a_late_commit_of_what_was_fenced_is_refused(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    parent = await photo(holder, owner.id)
    ticket = await service.register(NewArtifact(Kind.CROP, (owner.id,), Purpose.TRAINING, (parent.id,)), holder.id)
    request = await service.erase(parent.id)
    assert request.counts == {"photo": 1, "crop": 1}
    with pytest.raises(Fenced):
        await service.commit(ticket.artifact.id, RECEIPT)
    await holder.close()
    await completed(service, request.id)
    with pytest.raises(Gone):
        await service.commit(ticket.artifact.id, RECEIPT)
