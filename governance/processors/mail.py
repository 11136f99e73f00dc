"""The mail relay: it passes messages on and keeps nothing that it could be told to erase."""

import asyncio
import smtplib
import ssl

from governance.audit.certificate import ProcessorAnswer
from governance.config import MailSettings
from governance.errors import Unavailable
from governance.model import RequestId, SubjectId
from governance.processors.processor import Registration

NAME, FIELDS = "smtp-relay", ("email",)


class MailRelay:
    """An SMTP relay in the register of processors. There is no protocol to ask a relay for an erasure; what it may
    not keep is settled by contract, so the answer stands as soon as the relay answers at all."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._registration = Registration(NAME, settings.region, "service-notifications", FIELDS)

    @property
    def registration(self) -> Registration:
        return self._registration

    async def erase(self, subject: SubjectId, request: RequestId) -> ProcessorAnswer:
        await asyncio.to_thread(self._greet)
        return ProcessorAnswer.NOTHING_HELD

    def _greet(self) -> None:
        """Raises `Unavailable` unless the relay answers (encrypted, where the settings say so)."""
        one = self._settings
        try:
            with smtplib.SMTP(one.host, one.port, timeout=one.timeout_s) as connection:
                if one.starttls:
                    connection.starttls(context=ssl.create_default_context())
                connection.noop()
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"the mail relay {one.host} cannot be reached") from error
