"""The mail provider: it relays and keeps nothing that it could be told to erase."""

from governance.audit.certificate import ProcessorAnswer
from governance.model import RequestId, SubjectId
from governance.processors.processor import Registration


class MailRelay:
    """An SMTP relay in the register of processors."""

    def __init__(self, region: str) -> None:
        self._registration = Registration("smtp-relay", region, "service-notifications", ("email",))

    @property
    def registration(self) -> Registration:
        return self._registration

    async def erase(self, subject: SubjectId, request: RequestId) -> ProcessorAnswer:
        return ProcessorAnswer.NOTHING_HELD
