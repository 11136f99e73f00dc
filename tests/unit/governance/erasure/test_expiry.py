"""Expiry by the same road (I4, P2.7, P6.4, P6.5, P7.6)."""

import asyncio
from datetime import timedelta

import pytest

from governance.clock import ManualClock
from governance.config import GovernanceSettings
from governance.errors import Gone
from governance.gate import commit
from governance.gate.commit import Commit
from governance.gate.context import GateContext
from governance.ids import HoldId
from governance.ledger import holds
from governance.model import ArtifactState, Hold, Kind, NewArtifact, NewHold, Purpose, Receipt
from governance.policy import shipped
from tests.support.governance import (
    gate_kept_open,
    holding,
    photo,
    running,
    sign_up,
    somebody_waits,
    with_clock,
)
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


async def test_who_restricts_between_the_look_and_the_fence_loses_nothing(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        owner, other = await sign_up(service), await sign_up(service)
        kept, goes = await photo(holder, owner.id), await photo(holder, other.id, b"goes")
        await service.parts.background.stop()
        clock.move(MONTH)
        async with gate_kept_open(service):
            sweep = asyncio.create_task(service.parts.expiry.sweep())
            await somebody_waits(service)
            await service.restrict(owner.id)
        assert [one.owner for one in await sweep] == [other.id]
        assert (await service.artifact(kept.id)).state is ArtifactState.LIVE
        with pytest.raises(Gone):
            await service.artifact(goes.id)


async def test_a_hold_placed_between_the_look_and_the_fence_keeps_what_another_one_released(
    settings: GovernanceSettings,
) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        owner = await sign_up(service)
        kept = await photo(holder, owner.id)
        first = await service.place_hold(NewHold(kept.id, "court-order", clock() + MONTH))
        await service.parts.background.stop()
        await service.erase(kept.id)
        await service.release_hold(first.id)
        async with gate_kept_open(service) as conn:
            sweep = asyncio.create_task(service.parts.expiry.sweep())
            await somebody_waits(service)
            await holds.insert(conn, Hold(HoldId.new(), kept.id, "bookkeeping-act", clock() + MONTH), clock())
        assert await sweep == []


@pytest.mark.parametrize("swept", [True, False])
async def test_what_is_committed_between_the_look_and_the_fence_stays(
    settings: GovernanceSettings, swept: bool
) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        owner = await sign_up(service)
        await service.parts.background.stop()
        ticket = await service.register(NewArtifact(Kind.PHOTO, (owner.id,), Purpose.TRAINING), holder.id)
        id = ticket.artifact.id
        clock.move(timedelta(seconds=settings.erasure.upload_s + 1))
        async with gate_kept_open(service) as conn:
            leaving = asyncio.create_task(service.parts.expiry.sweep() if swept else service.abandon(id))
            await somebody_waits(service)
            context = GateContext(shipped(), service.parts.keys, clock)
            await commit.apply(context, conn, [Commit(id, Receipt(1, bytes(32), "v"))])
        await leaving
        assert (await service.artifact(id)).state is ArtifactState.LIVE
