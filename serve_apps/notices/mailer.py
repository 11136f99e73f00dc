"""Hands e-mails to the relay: SMTP, encrypted where the settings say so."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Protocol

from governance.config import MailSettings
from governance.people.model import Notice
from serve_apps.notices.letters import Letter

_PERMANENT = 500


class RelayUnreachable(Exception):
    """The relay did not take the e-mail now; it is tried again later."""


class AddressRefused(Exception):
    """The relay refuses this address for good."""


class Unsendable(Exception):
    """No message can be made of this notice: a word of it does not fit a header, or is missing."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A letter with what the relay needs besides."""

    notice: Notice
    to: str = field(repr=False)
    letter: Letter
    unsubscribe: str | None = field(default=None, repr=False)


class Mailer(Protocol):
    """`SmtpMailer`, or a test's own."""

    async def send(self, envelope: Envelope) -> None:
        """Returns once the relay has taken it. `RelayUnreachable`, `AddressRefused`, `Unsendable`."""


class SmtpMailer:
    """One connection for each e-mail: there are few, and a relay closes idle ones."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    async def send(self, envelope: Envelope) -> None:
        await asyncio.to_thread(self._send, compose(envelope, self._settings.sender))

    def _send(self, message: EmailMessage) -> None:
        one = self._settings
        try:
            with smtplib.SMTP(one.host, one.port, timeout=one.timeout_s) as relay:
                if one.starttls:
                    relay.starttls(context=ssl.create_default_context())
                if one.user is not None and one.password_file is not None:
                    relay.login(one.user, one.password_file.read_text(encoding="utf-8").strip())
                relay.send_message(message)
        except ValueError as error:
            raise Unsendable(f"no message: {type(error).__name__}") from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if codes and min(codes) >= _PERMANENT:
                raise AddressRefused("the relay refuses this address") from None
            raise RelayUnreachable(f"the relay {one.host} puts the e-mail off") from None
        except (OSError, smtplib.SMTPException) as error:
            raise RelayUnreachable(f"the relay {one.host} did not take the e-mail: {type(error).__name__}") from None


def compose(envelope: Envelope, sender: str) -> EmailMessage:
    """The message. Its Message-ID follows from the notice: sent twice, it is known for the same. `Unsendable`."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    try:
        message["To"], message["Subject"] = envelope.to, envelope.letter.subject
    except ValueError as error:
        # The error's words may quote the header, which names a person.
        raise Unsendable(f"no message: {type(error).__name__}") from None
    message["Date"] = format_datetime(envelope.notice.created_at)
    message["Message-ID"] = f"<{envelope.notice.id}@{parseaddr(sender)[1].rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    if envelope.unsubscribe is not None:
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(envelope.letter.text)
    return message
