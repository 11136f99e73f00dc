"""Legal holds and following a request."""

from datetime import timedelta

import pytest

from governance.audit.verify import verify
from governance.clock import ManualClock, utc_now
from governance.config import GovernanceSettings
from governance.errors import Fenced, Gone, Refused
from governance.holder import Holder
from governance.model import NewHold, Purpose
from governance.service import GovernanceService
from tests.support.governance import completed, holding, photo, running, sign_up, with_clock
from tests.support.waiting import eventually

LATER = timedelta(days=100)


async def test_what_a_hold_keeps_is_readable_for_that_duty_alone_and_the_certificate_says_why(
    service: GovernanceService, holder: Holder
) -> None:
    owner = await sign_up(service)
    kept, other = await photo(holder, owner.id, b"evidence"), await photo(holder, owner.id)
    hold = await service.place_hold(NewHold(kept.id, "bookkeeping-act", utc_now() + LATER))
    request = await service.erase(owner.id)
    assert (request.counts, request.held) == ({"photo": 1}, {"photo": 1})
    await completed(service, request.id)
    certificate = await service.certificate(request.id)
    assert certificate is not None
    (held,) = verify(certificate.document.encode()).body.held
    assert (held.kind, held.count, held.basis) == ("photo", 1, "bookkeeping-act")
    with pytest.raises(Refused):
        async with holder.plaintext(kept.id, Purpose.TRAINING):
            raise AssertionError("readable for another purpose")
    async with holder.plaintext(kept.id, Purpose.LEGAL) as buffer:
        assert bytes(buffer) == b"evidence"
    for id in (kept.id, other.id):
        with pytest.raises(Gone):
            await service.artifact(id, owner.id)
    await service.release_hold(hold.id)

    async def gone() -> bool:
        return not await service.parts.store.keys()

    await eventually(gone)


async def test_a_hold_ends_with_its_date(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        owner = await sign_up(service)
        kept = await photo(holder, owner.id)
        await service.place_hold(NewHold(kept.id, "court-order", clock() + LATER))
        await completed(service, (await service.erase(owner.id)).id)
        assert len(await service.parts.store.keys()) == 1
        clock.move(LATER)

        async def gone() -> bool:
            return not await service.parts.store.keys()

        await eventually(gone)


async def test_a_hold_needs_a_word_an_end_and_something_to_hold(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    with pytest.raises(Refused):
        await service.place_hold(NewHold(made.id, "Because John Smith said so", utc_now() + LATER))
    with pytest.raises(Refused):
        await service.place_hold(NewHold(made.id, "court-order", utc_now()))
    await service.erase(made.id)
    with pytest.raises(Fenced):
        await service.place_hold(NewHold(made.id, "court-order", utc_now() + LATER))
