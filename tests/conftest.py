"""What every test may ask for."""

from collections.abc import Iterator

import pytest

from cluster.embedded.throwaway import Servers, throwaway_servers
from tests.support.payments import Sandbox, sandbox


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and S3, started once for the whole run. Tests take a database or a key prefix of their own in them."""
    with throwaway_servers() as running:
        yield running


@pytest.fixture(scope="session")
def payments_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The payment processor's sandbox, started once for the whole run."""
    with sandbox(tmp_path_factory.mktemp("payments")) as running:
        yield running
