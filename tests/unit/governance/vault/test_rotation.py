"""Epoch rotation: the living move on, what was erased dies with its epoch (I7)."""

import asyncio
from datetime import timedelta

import pytest
from nacl.public import PrivateKey

from governance.clock import ManualClock, utc_now
from governance.config import GovernanceSettings
from governance.errors import KeyUnavailable
from governance.holder import Holder
from governance.ledger import epochs, fences
from governance.model import HolderKind, NewHold, Purpose
from governance.service import GovernanceService
from governance.vault.keyring import SIGNING
from tests.support.governance import (
    REGION,
    completed,
    holding,
    photo,
    running,
    sign_up,
    somebody_waits,
    with_clock,
)
from tests.support.waiting import eventually


async def test_the_living_are_readable_and_what_a_backup_kept_of_the_erased_is_not(
    service: GovernanceService, holder: Holder, settings: GovernanceSettings
) -> None:
    owner, other = await sign_up(service), await sign_up(service)
    erased, living = await photo(holder, owner.id), await photo(holder, other.id, b"alive")
    kept = await photo(holder, other.id, b"kept")
    await service.place_hold(NewHold(kept.id, "court-order", utc_now() + timedelta(days=9)))
    await service.erase(kept.id)
    signing = await service.parts.keys.service_key(SIGNING)
    async with service.parts.database.transaction() as conn:
        cursor = await conn.execute("SELECT sealed_secret FROM epochs")
        (backup,) = [row[0] for row in await cursor.fetchall()]
    await completed(service, (await service.erase(owner.id)).id)
    assert await service.parts.rotation.rotate() == 2
    async with holder.plaintext(living.id, Purpose.TRAINING) as buffer:
        assert bytes(buffer) == b"alive"
    async with holder.plaintext(kept.id, Purpose.LEGAL) as buffer:
        assert bytes(buffer) == b"kept"
    assert await service.parts.keys.service_key(SIGNING) == signing
    with pytest.raises(KeyUnavailable):
        await service.parts.keys.provider.unseal(1, backup)
    with pytest.raises(KeyUnavailable):
        await service.parts.keys.secret(1)
    assert erased.id


async def test_a_rotation_that_was_interrupted_goes_on(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    async with service.parts.database.transaction() as conn:
        await service.parts.keys.begin_epoch(conn, 2, utc_now())
    async with holder.plaintext(made.id, Purpose.TRAINING) as buffer:
        assert bytes(buffer) == b"a face"
    await service.parts.rotation.rotate_when_due()
    with pytest.raises(KeyUnavailable):
        await service.parts.keys.secret(1)
    async with holder.plaintext(made.id, Purpose.TRAINING) as buffer:
        assert bytes(buffer) == b"a face"


async def test_it_happens_on_schedule_and_survives_a_restart(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        owner = await sign_up(service)
        made = await photo(holder, owner.id)
        clock.move(timedelta(seconds=settings.vault.epoch_s))
        await service.parts.rotation.rotate_when_due()
        with pytest.raises(KeyUnavailable):
            await service.parts.keys.secret(1)
    async with running(settings, with_clock(clock)) as again, holding(again) as holder:

        async def readable() -> bool:
            async with holder.plaintext(made.id, Purpose.TRAINING) as buffer:
                return bytes(buffer) == b"a face"

        await eventually(readable)


async def test_who_comes_while_an_epoch_begins_finds_the_new_one(service: GovernanceService, holder: Holder) -> None:
    owner, key = await sign_up(service), bytes(PrivateKey.generate().public_key)
    async with service.parts.database.transaction() as conn:
        number, _ = await epochs.lock_active(conn)
        await service.parts.keys.begin_epoch(conn, number + 1, utc_now())
        coming = asyncio.gather(
            sign_up(service), photo(holder, owner.id), service.open_holder(HolderKind.TOOL, REGION, key)
        )
        await somebody_waits(service)
    _, made, _ = await coming
    await service.parts.rotation.finish()
    async with holder.plaintext(made.id, Purpose.TRAINING) as buffer:
        assert bytes(buffer) == b"a face"


async def test_an_epoch_whose_beginning_was_lost_seals_nothing(settings: GovernanceSettings) -> None:
    """One process could not commit its new epoch; another one began it with a secret of its own."""
    async with running(settings) as one, running(settings) as other:
        with pytest.raises(RuntimeError):
            await _begin_and_fail(one)
        await other.parts.rotation.rotate()
        async with holding(one) as holder:
            made = await photo(holder, (await sign_up(one)).id)
        async with holding(other) as holder, holder.plaintext(made.id, Purpose.TRAINING) as buffer:
            assert bytes(buffer) == b"a face"


async def _begin_and_fail(service: GovernanceService) -> None:
    async with service.parts.database.transaction() as conn:
        await service.parts.keys.begin_epoch(conn, 2, utc_now())
        raise RuntimeError("the commit failed")


async def test_of_several_processes_on_schedule_one_rotates(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as one, running(settings, with_clock(clock)) as other:
        for service in (one, other):
            await service.parts.background.stop()
        clock.move(timedelta(seconds=settings.vault.epoch_s))
        async with one.parts.database.transaction() as conn:
            await epochs.lock_active(conn)
            both = asyncio.gather(*(service.parts.rotation.rotate_when_due() for service in (one, other)))
            await somebody_waits(one)
        await both
        async with one.parts.database.transaction() as conn:
            cursor = await conn.execute("SELECT number, state FROM epochs ORDER BY number")
            assert await cursor.fetchall() == [(1, "destroyed"), (2, "active")]
            cursor = await conn.execute("SELECT count(*) FROM audit_leaves WHERE data LIKE %s", [b"%key.destroyed%"])
            assert await cursor.fetchone() == (1,)


async def test_it_waits_at_the_gate_for_a_fence_instead_of_tying_with_it(service: GovernanceService) -> None:
    async with holding(service) as holder:
        made = await photo(holder, (await sign_up(service)).id)
    async with service.parts.database.transaction() as conn:
        await service.parts.keys.begin_epoch(conn, 2, utc_now())
    async with service.parts.database.transaction() as conn:
        await service.parts.rotation._move_subjects(conn, 1, 2)
    async with service.parts.database.transaction() as conn:
        await fences.close(conn)
        await conn.execute("SELECT FROM subjects WHERE id = %s FOR UPDATE", [made.subjects[0].uuid])
        moving = asyncio.create_task(service.parts.rotation.finish())
        await somebody_waits(service)
        await conn.execute("SELECT FROM artifacts WHERE id = %s FOR UPDATE NOWAIT", [made.id.uuid])
    await moving


async def test_an_epoch_that_ends_amid_an_answer_does_not_spoil_it(settings: GovernanceSettings) -> None:
    """Another process rotates between what the ledger said and the use of its key."""
    async with running(settings) as one, running(settings) as other:
        await one.parts.keys.signing_key()
        key = bytes(PrivateKey.generate().public_key)
        lease = await one.open_holder(HolderKind.TOOL, REGION, key)
        for ask in (
            lambda: one.open_holder(HolderKind.TOOL, REGION, key),
            lambda: one.renew(lease.holder_id),
            one.parts.keys.signing_key,
        ):
            keys, original = one.parts.keys, one.parts.keys.secret
            rotations: list[asyncio.Task[int]] = []

            async def late(number: int, keys=keys, original=original, rotations=rotations) -> bytearray:
                if not rotations:
                    rotations.append(asyncio.create_task(other.parts.rotation.rotate()))
                    await asyncio.wait(rotations, timeout=1.0)
                    keys.forget(number)
                return await original(number)

            keys.secret = late  # type: ignore[method-assign]
            assert await ask()
            keys.secret = original  # type: ignore[method-assign]
            await asyncio.gather(*rotations)
