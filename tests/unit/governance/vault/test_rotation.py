"""Epoch rotation: the living move on, what was erased dies with its epoch (I7)."""

from datetime import timedelta

import pytest

from governance.clock import ManualClock, utc_now
from governance.config import GovernanceSettings
from governance.errors import KeyUnavailable
from governance.holder import Holder
from governance.model import NewHold, Purpose
from governance.service import GovernanceService
from governance.vault.keyring import SIGNING
from tests.support.governance import completed, holding, photo, running, sign_up, with_clock
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
