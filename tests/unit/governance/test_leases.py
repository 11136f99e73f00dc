"""Leases as governance keeps them (I6)."""

from datetime import timedelta

import pytest
from nacl.public import PrivateKey

from governance.clock import ManualClock
from governance.config import GovernanceSettings
from governance.errors import LeaseLost, Refused
from governance.leases import region_digest
from governance.model import ArtifactId, HolderKind, Purpose
from governance.service import GovernanceService
from tests.support.governance import REGION, holding, photo, running, sign_up, with_clock

KEY = bytes(PrivateKey.generate().public_key)


async def test_a_lease_that_ended_is_never_revived(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service:
        lease = await service.open_holder(HolderKind.TOOL, REGION, KEY)
        clock.move(timedelta(seconds=lease.ttl_s / 2))
        renewed = await service.renew(lease.holder_id)
        assert renewed.expires_at > lease.expires_at
        clock.move(timedelta(seconds=lease.ttl_s))
        with pytest.raises(LeaseLost):
            await service.renew(lease.holder_id)


async def test_what_it_should_not_hold_it_is_told_to_drop(service: GovernanceService) -> None:
    async with holding(service) as holder:
        made = await photo(holder, (await sign_up(service)).id)
        lease = await service.open_holder(HolderKind.TOOL, REGION, KEY)
        stray = ArtifactId.new()
        assert set((await service.renew(lease.holder_id, [made.id, stray])).drop) == {made.id, stray}
        await service.grant(made.id, Purpose.TRAINING, lease.holder_id)
        assert (await service.renew(lease.holder_id, [made.id])).drop == ()
        await service.close_holder(lease.holder_id)
        await service.close_holder(lease.holder_id)
        with pytest.raises(LeaseLost):
            await service.renew(lease.holder_id)


async def test_the_audit_log_says_in_which_region_a_holder_is(service: GovernanceService) -> None:
    lease = await service.open_holder(HolderKind.TOOL, REGION, KEY)
    async with service.parts.database.transaction() as conn:
        cursor = await conn.execute("SELECT convert_from(data, 'UTF8')::jsonb FROM audit_leaves")
        leaves = [row[0] for row in await cursor.fetchall()]
    opened = [leaf for leaf in leaves if leaf.get("holder") == lease.holder_id]
    assert [(leaf["event"], leaf["digest"]) for leaf in opened] == [("holder.opened", region_digest(REGION))]


async def test_a_public_key_of_another_shape_is_refused(service: GovernanceService) -> None:
    with pytest.raises(Refused):
        await service.open_holder(HolderKind.TOOL, REGION, b"short")
