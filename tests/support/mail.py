"""A mail relay for tests: a real SMTP server in a thread of its own that keeps what it takes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from governance.config import MailSettings
from tests.integration.waiting import until

REFUSED = "refused@example.org"


@dataclass
class Mailbox:
    """Everything that was taken, also twice. `answers`: what the next e-mails are answered instead of being taken."""

    settings: MailSettings
    taken: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, address: str) -> list[EmailMessage]:
        """What a mailbox that knows its Message-IDs shows, oldest first."""
        with self.lock:
            return list({one["Message-ID"]: one for one in self.taken if one["To"] == address}.values())

    def wait_for(self, address: str, subject: str) -> EmailMessage:
        """The first e-mail to that address whose subject has these words."""
        return until(lambda: next((one for one in self.of(address) if subject in one["Subject"]), None))

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == REFUSED:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        with self.lock:
            if self.answers:
                return self.answers.pop(0)
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content, policy=default)
            assert isinstance(message, EmailMessage)
            self.taken.append(message)
        return "250 taken"


class _OnAFreePort(Controller):
    """The controller knows its port only once it listens."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_relay() -> Iterator[Mailbox]:
    """Listens on a free port of this machine for the length of the block."""
    mailbox = Mailbox(MailSettings(host="127.0.0.1", region="eu", starttls=False))
    controller = _OnAFreePort(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        sender = "PixReunion <no-reply@pixreunion.example>"
        mailbox.settings = mailbox.settings.model_copy(update={"port": controller.port, "sender": sender})
        yield mailbox
    finally:
        controller.stop()


def text_of(message: EmailMessage) -> str:
    """The letter itself."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
