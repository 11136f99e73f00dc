"""Legal holds and following a request."""

import asyncio
from datetime import timedelta

import pytest

from governance.audit.verify import verify
from governance.backup.journal import PREFIX, Journal
from governance.blobs.memory import MemoryBlobStore
from governance.bootstrap import Extras
from governance.clock import ManualClock, utc_now
from governance.config import GovernanceSettings
from governance.erasure.steps import no_scan
from governance.errors import Fenced, Gone, Refused
from governance.holder import Holder
from governance.model import NewHold, Purpose, RequestId, RequestState
from governance.policy import shipped
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


async def test_who_releases_a_hold_leaves_what_another_placed_on_the_same_thing(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        await service.parts.background.stop()
        kept = await photo(holder, (await sign_up(service)).id, b"evidence")
        holds = [
            await service.place_hold(NewHold(kept.id, basis, clock() + LATER)) for basis in ("court-order", "tax-audit")
        ]
        await service.erase(kept.id)
        for one in holds:
            assert await service.parts.expiry.sweep() == []
            async with holder.plaintext(kept.id, Purpose.LEGAL) as buffer:
                assert bytes(buffer) == b"evidence"
            await service.release_hold(one.id)
            await service.release_hold(one.id)
        assert [one.counts for one in await service.parts.expiry.sweep()] == [{"photo": 1}]


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


async def test_a_slow_journal_keeps_no_connection(settings: GovernanceSettings) -> None:
    """There are two; while two writings wait for the journal's bucket, others reach the ledger all the same."""
    journal = Slow()
    few = settings.model_copy(update={"ledger": settings.ledger.model_copy(update={"connections": 2})})
    async with running(few, Extras(shipped(), utc_now, no_scan, journal_store=journal)) as service:
        await service.parts.background.stop()
        async with holding(service) as holder:
            owner = await sign_up(service)
            made = [await photo(holder, owner.id) for _ in range(2)]
            asking = [asyncio.create_task(service.erase(one.id)) for one in made[:1]]
            await journal.until_waiting(1)
            asking.append(asyncio.create_task(service.erase(made[1].id)))
            walking = asyncio.create_task(service.parts.runner.run_due())
            await journal.until_waiting(2)
            assert (await service.subject(owner.id)).id == owner.id
            journal.open.set()
            asked = await asyncio.gather(*asking)
            await walking
        while not all([await _is_completed(service, one.id) for one in asked]):
            await asyncio.sleep(few.erasure.poll_s)
            await service.parts.runner.run_due()
    assert {entry.request for entry in await Journal(journal).entries()} == {one.id for one in asked}


async def test_what_is_journaled_when_it_is_asked_for_is_not_written_again(settings: GovernanceSettings) -> None:
    journal = MemoryBlobStore()
    async with running(settings, Extras(shipped(), utc_now, no_scan, journal_store=journal)) as service:
        async with holding(service) as holder:
            owner = await sign_up(service)
            made = await photo(holder, owner.id)
            asked = await service.erase(made.id)
            assert len(await journal.keys(PREFIX)) == 1
            await completed(service, asked.id)
        assert len(await journal.keys(PREFIX)) == 1


async def _is_completed(service: GovernanceService, id: RequestId) -> bool:
    return (await service.request(id)).state is RequestState.COMPLETED


class Slow(MemoryBlobStore):
    """Writes only once it is `open`."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self._waiting = 0

    async def put(self, key: str, data: bytes) -> str:
        self._waiting += 1
        await self.open.wait()
        return await super().put(key, data)

    async def until_waiting(self, count: int) -> None:
        async def waiting() -> bool:
            return self._waiting >= count

        await eventually(waiting)
