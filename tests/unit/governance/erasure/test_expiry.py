"""Expiry by the same road (I4, P2.7, P6.4, P6.5, P7.6)."""

from datetime import timedelta

import pytest

from governance.clock import ManualClock
from governance.config import GovernanceSettings
from governance.errors import Gone
from governance.model import ArtifactState, Kind, NewArtifact, Purpose
from tests.support.governance import holding, photo, running, sign_up, with_clock
from tests.support.waiting import eventually

MONTH = timedelta(days=30)


async def test_after_thirty_days_everything_is_gone_but_not_the_person(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        owner = await sign_up(service)
        made = await photo(holder, owner.id)
        clock.move(timedelta(days=29))
        young = await photo(holder, owner.id, b"young")
        child = await photo(holder, owner.id, b"child", (young, made))
        clock.move(timedelta(days=1))

        async def only_the_young_is_left() -> bool:
            return await service.parts.store.keys() == [young.location]

        await eventually(only_the_young_is_left)
        for one in (made, child):
            with pytest.raises(Gone):
                await service.artifact(one.id, owner.id)
        assert await service.artifact(young.id, owner.id) == young


async def test_the_frozen_do_not_expire_until_lifted(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        owner = await sign_up(service)
        made = await photo(holder, owner.id)
        await service.restrict(owner.id)
        clock.move(MONTH + MONTH)
        assert await service.parts.expiry.sweep() == []
        async with holder.plaintext(made.id, Purpose.DELIVERY) as buffer:
            assert bytes(buffer) == b"a face"
        await service.lift(owner.id)

        async def gone() -> bool:
            return not await service.parts.store.keys()

        await eventually(gone)


async def test_uploads_that_were_never_finished_go_after_a_while(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service:
        async with holding(service) as holder:
            owner = await sign_up(service)
            ticket = await service.register(NewArtifact(Kind.PHOTO, (owner.id,), Purpose.TRAINING), holder.id)
            await service.parts.store.put(ticket.artifact.location, b"half")
        clock.move(timedelta(seconds=settings.erasure.upload_s + 1))

        async def gone() -> bool:
            return not await service.parts.store.keys()

        await eventually(gone)


async def test_abandoning_takes_what_was_not_committed_and_only_that(settings: GovernanceSettings) -> None:
    async with running(settings) as service, holding(service) as holder:
        owner = await sign_up(service)
        made = await photo(holder, owner.id)
        await service.abandon(made.id)
        assert (await service.artifact(made.id)).state is ArtifactState.LIVE
        ticket = await service.register(NewArtifact(Kind.PHOTO, (owner.id,), Purpose.TRAINING), holder.id)
        await service.abandon(ticket.artifact.id)
        with pytest.raises(Gone):
            await service.artifact(ticket.artifact.id)
