"""Fixtures of the pool's integration tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cluster.embedded.throwaway import Servers
from governance.service import GovernanceService
from tests.integration.pool.tiny import save_base
from tests.support.governance import fresh_database, running, settings_for


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_base(tmp_path_factory.mktemp("base") / "pipeline")


@pytest.fixture
async def service(servers: Servers, tmp_path: Path) -> AsyncIterator[GovernanceService]:
    with fresh_database(servers) as dsn:
        async with running(settings_for(servers, dsn, tmp_path)) as service:
            yield service
