"""A mail relay that listens."""

from collections.abc import Iterator

import pytest

from tests.support.mail import Mailbox, mail_relay


@pytest.fixture
def relay() -> Iterator[Mailbox]:
    with mail_relay() as one:
        yield one
