"""One running service for all integration tests; each test brings people of its own."""

from collections.abc import Iterator

import pytest

from cluster.embedded.throwaway import Servers
from tests.integration.house import SETTINGS, House, open_house
from tests.integration.people import Person, newcomer
from tests.support.payments import Sandbox, billing_settings


@pytest.fixture(scope="session")
def house(
    servers: Servers, payments_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    settings = SETTINGS.model_copy(update={"billing": billing_settings(payments_sandbox, folder)})
    with open_house(servers, folder, settings=settings) as running:
        payments_sandbox.send_events_to(f"{running.url}/v1/payments/events")
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
