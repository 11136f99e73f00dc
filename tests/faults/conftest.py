"""Faults run against servers of their own database and bucket, in processes that are really killed."""

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.embedded.throwaway import Servers
from governance.config import GovernanceSettings
from tests.support.governance import fresh_database, settings_for


class Scene:
    """One database, one bucket, and the processes that work and die on them."""

    def __init__(self, folder: Path, settings: GovernanceSettings) -> None:
        self.folder, self.settings = folder, settings
        (folder / "settings.pickle").write_bytes(pickle.dumps(settings))

    async def run(self, point: str | None) -> bool:
        """Run the victim; True when it was killed at its point, False when it came to the end."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.victim", str(self.folder), *([point] if point else []),
            stderr=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2], preexec_fn=lambda: os.nice(5),
        )  # fmt: skip
        _, errors = await asyncio.wait_for(process.communicate(), 400)
        assert process.returncode in (0, -signal.SIGKILL), errors.decode()[-3000:]
        return process.returncode != 0


@pytest.fixture
def scene(servers: Servers, tmp_path: Path) -> Iterator[Scene]:
    with fresh_database(servers, migrated=True) as dsn:
        yield Scene(tmp_path, settings_for(servers, dsn, tmp_path, lease_s=1.0))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-seeds", type=int, default=1, help="how many random stories of faults to try")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "fault_seed" in metafunc.fixturenames:
        metafunc.parametrize("fault_seed", range(metafunc.config.getoption("--fault-seeds", default=1)))
