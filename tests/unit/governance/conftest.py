"""A fresh service for each test, on the servers of the whole run."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cluster.embedded.throwaway import Servers
from governance.config import GovernanceSettings
from governance.holder import Holder
from governance.service import GovernanceService
from tests.support.governance import fresh_database, holding, running, settings_for


@pytest.fixture
def settings(servers: Servers, tmp_path: Path) -> Iterator[GovernanceSettings]:
    with fresh_database(servers, migrated=True) as dsn:
        yield settings_for(servers, dsn, tmp_path, lease_s=12.0)


@pytest.fixture
async def service(settings: GovernanceSettings) -> AsyncIterator[GovernanceService]:
    async with running(settings) as one:
        yield one


@pytest.fixture
async def holder(service: GovernanceService) -> AsyncIterator[Holder]:
    async with holding(service) as one:
        yield one
