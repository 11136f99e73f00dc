"""What every test may ask for."""

from collections.abc import Iterator

import pytest

from cluster.embedded.throwaway import Servers, throwaway_servers


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and S3, started once for the whole run. Tests take a database or a key prefix of their own in them."""
    with throwaway_servers() as running:
        yield running
