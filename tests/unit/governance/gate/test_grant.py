"""Reading (I5, P2.4, P2.6, P7.6)."""

from datetime import timedelta

import pytest

from governance.clock import ManualClock
from governance.config import GovernanceSettings
from governance.errors import Frozen, Gone, LeaseLost, NotFound, Refused, Tampered
from governance.holder import Holder
from governance.model import ArtifactId, HolderId, Kind, NewArtifact, Purpose
from governance.service import GovernanceService
from tests.support.governance import holding, photo, running, sign_up, store_of, with_clock


async def _read(holder: Holder, id: ArtifactId, purpose: Purpose = Purpose.TRAINING) -> bytes:
    async with holder.plaintext(id, purpose) as buffer:
        return bytes(buffer)


async def test_another_purpose_is_refused(service: GovernanceService, holder: Holder) -> None:
    made = await photo(holder, (await sign_up(service)).id)
    with pytest.raises(Refused):
        await _read(holder, made.id, Purpose.MARKETING)


async def test_unknown_unwritten_and_foreign_leases(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    ticket = await service.register(NewArtifact(Kind.PHOTO, (owner.id,), Purpose.TRAINING), holder.id)
    for id in (ArtifactId.new(), ticket.artifact.id):
        with pytest.raises(NotFound):
            await service.grant(id, Purpose.TRAINING, holder.id)
    made = await photo(holder, owner.id)
    with pytest.raises(LeaseLost):
        await service.grant(made.id, Purpose.TRAINING, HolderId.new())


async def test_the_key_opens_for_the_holder_it_was_sealed_to_alone(service: GovernanceService, holder: Holder) -> None:
    made = await photo(holder, (await sign_up(service)).id)
    async with holding(service) as other:
        one = await service.grant(made.id, Purpose.TRAINING, holder.id)
        two = await service.grant(made.id, Purpose.TRAINING, other.id)
        assert one.sealed_key != two.sealed_key
        assert one.sealed_key[12:] != two.sealed_key[12:]


async def test_under_restriction_only_the_person_sees_the_data(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    await service.restrict(owner.id)
    with pytest.raises(Frozen):
        await _read(holder, made.id)
    assert await _read(holder, made.id, Purpose.DELIVERY) == b"a face"
    await service.lift(owner.id)
    assert await _read(holder, made.id) == b"a face"


async def test_past_its_deadline_nothing_is_read_even_before_the_sweep(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service:
        await service.parts.background.stop()
        async with holding(service) as holder:
            owner = await sign_up(service)
            made = await photo(holder, owner.id)
            clock.move(timedelta(days=30))
            with pytest.raises(Gone):
                await service.artifact(made.id, owner.id)
            with pytest.raises(Gone):
                await _read(holder, made.id)
            assert (await service.artifacts(owner.id)).items == ()


async def test_tampered_and_swapped_bytes_are_refused(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    one, two = await photo(holder, owner.id, b"one"), await photo(holder, owner.id, b"two")
    store = store_of(service)
    grant = await service.grant(two.id, Purpose.TRAINING, holder.id)
    foreign = await store.get(two.location, grant.version_id)
    version = await store.put(one.location, foreign)
    with pytest.raises(Tampered):
        await _read_version(service, holder, one.id, version)


async def _read_version(service: GovernanceService, holder: Holder, id: ArtifactId, version: str) -> None:
    """Point the record at other bytes, as somebody with the database's password could."""
    async with service.parts.database.transaction() as conn:
        await conn.execute("UPDATE artifacts SET version_id = %s WHERE id = %s", [version, id.uuid])
    await _read(holder, id)
