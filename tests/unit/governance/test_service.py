"""The main paths through the whole service, on real PostgreSQL and S3."""

import pytest

from governance.audit.verify import verify
from governance.errors import Gone
from governance.holder import Holder
from governance.model import Kind, Purpose, RequestState
from governance.service import GovernanceService
from tests.support.governance import photo, sign_up, store_of
from tests.support.waiting import eventually


async def test_what_is_written_reads_back_for_its_purpose(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id, b"a portrait")
    async with holder.plaintext(made.id, Purpose.TRAINING) as buffer:
        assert bytes(buffer) == b"a portrait"
    assert not any(buffer)
    assert await service.artifact(made.id, owner.id) == made
    assert (await service.artifacts(owner.id, Kind.PHOTO)).items == (made,)


async def test_erasing_an_account_ends_in_a_certificate_that_verifies(
    service: GovernanceService, holder: Holder
) -> None:
    owner = await sign_up(service)
    first = await photo(holder, owner.id)
    crop = await photo(holder, owner.id, b"a crop", (first,))
    request = await service.erase(owner.id)
    with pytest.raises(Gone):
        await service.artifact(crop.id, owner.id)

    async def completed() -> bool:
        return (await service.request(request.id)).state is RequestState.COMPLETED

    await eventually(completed)
    certificate = await service.certificate(request.id, owner.id)
    assert certificate is not None
    verified = verify(certificate.document.encode())
    assert verified.body.erased == {"photo": 1, "crop": 1}
    assert await store_of(service).keys() == []
    with pytest.raises(Gone):
        await service.artifact(first.id, owner.id)
