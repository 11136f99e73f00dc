"""What every test may ask for."""

import signal
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from cluster.embedded.throwaway import Servers, throwaway_servers
from tests.support.mail import Mailbox, mail_relay
from tests.support.openid import Provider, provider
from tests.support.payments import Sandbox, billing_settings, sandbox


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Ctrl-C ends what tests start also where the whole run was started to ignore it, as `nohup` and `&` do."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture(scope="session")
def mailbox() -> Iterator[Mailbox]:
    """A mail relay, started once for the whole run."""
    with mail_relay() as running:
        yield running


@pytest.fixture(scope="session")
def openid_provider() -> Iterator[Provider]:
    """Where staff have their accounts, started once for the whole run."""
    with provider() as running:
        yield running


@pytest.fixture(scope="session")
def house(
    servers: Servers,
    payments_sandbox: Sandbox,
    mailbox: Mailbox,
    openid_provider: Provider,
    tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """One running service for all tests that speak HTTP to it; loaded when it is asked for, since it brings torch."""
    building, folder = import_module("tests.integration.house"), tmp_path_factory.mktemp("house")
    billing = billing_settings(payments_sandbox, folder)
    given = {"billing": billing, "mail": mailbox.settings, "openid": openid_provider.settings}
    settings = building.SETTINGS.model_copy(update=given)
    with building.open_house(servers, folder, settings=settings) as running:
        payments_sandbox.send_events_to(f"{running.url}/v1/payments/events")
        yield running


@pytest.fixture
def person(house: Any) -> Iterator[Any]:
    """Somebody who has just signed up and in."""
    somebody = import_module("tests.integration.people").newcomer(house)
    yield somebody
    somebody.http.close()


@pytest.fixture
def stranger(house: Any) -> Iterator[Any]:
    """Somebody else."""
    somebody = import_module("tests.integration.people").newcomer(house)
    yield somebody
    somebody.http.close()
