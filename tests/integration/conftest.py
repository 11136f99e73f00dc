"""One running service for all integration tests; each test brings people of its own."""

from collections.abc import Iterator

import pytest

from cluster.embedded.throwaway import Servers
from tests.integration.house import House, open_house
from tests.integration.people import Person, newcomer


@pytest.fixture(scope="session")
def house(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(servers, tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture
def person(house: House) -> Iterator[Person]:
    somebody = newcomer(house)
    yield somebody
    somebody.http.close()


@pytest.fixture
def stranger(house: House) -> Iterator[Person]:
    somebody = newcomer(house)
    yield somebody
    somebody.http.close()
