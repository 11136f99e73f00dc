"""The policy is proven on the service that `tests/integration/house.py` runs; here is what its clauses need besides.

`house`, `person` and `stranger` come from `tests/conftest.py`. A test's name begins with its clause (`test_p3_5_…`),
its docstring's first paragraph goes into `docs/policy.md` (`make docs`).
"""

from collections.abc import Iterator

import pytest

from cluster.embedded.throwaway import Servers
from governance.clock import ManualClock
from tests.integration.house import SETTINGS, House, open_house
from tests.integration.people import Person, newcomer
from tests.policy.evidence import make_officer
from tests.support.mail import Mailbox


@pytest.fixture(scope="session")
def clock() -> ManualClock:
    """The time in the house of `patient_house`; it stands still until a test moves it on."""
    return ManualClock()


@pytest.fixture(scope="session")
def patient_house(
    servers: Servers, clock: ManualClock, mailbox: Mailbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A service of its own whose clock the tests turn, for promises about days and years."""
    settings = SETTINGS.model_copy(update={"mail": mailbox.settings})
    with open_house(servers, tmp_path_factory.mktemp("patient"), clock, settings) as running:
        yield running


@pytest.fixture
def officer(house: House) -> Iterator[Person]:
    """The data-protection officer."""
    somebody = make_officer(newcomer(house))
    yield somebody
    somebody.http.close()
