"""Epoch secrets in memory obey a lease of their own (I6, I7)."""

import pytest

from governance.config import GovernanceSettings
from governance.errors import KeyUnavailable, Unavailable
from governance.service import GovernanceService
from tests.support.governance import running
from tests.support.waiting import eventually


async def test_what_one_process_destroys_another_forgets(
    service: GovernanceService, settings: GovernanceSettings
) -> None:
    async with running(settings) as beside:
        keys = beside.parts.keys
        old = await keys.secret(1)
        assert any(old)
        await service.parts.rotation.rotate()

        async def forgotten() -> bool:
            return not any(old)

        await eventually(forgotten)
        with pytest.raises(KeyUnavailable):
            await keys.secret(1)
        assert any(await keys.secret(2))


async def test_without_the_ledger_nothing_is_kept(settings: GovernanceSettings) -> None:
    async with running(settings) as service:
        keys = service.parts.keys
        await service.parts.background.stop()
        await keys.secret(1)
        await service.parts.database.close()
        with pytest.raises(Unavailable):
            await keys.renew()
        assert not keys._secrets
