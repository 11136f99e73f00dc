"""Empties the outbox: one task in each ingress replica; the ledger gives each notice to one of them."""

import asyncio
import logging
from typing import Self
from urllib.parse import urlencode

from governance.background import end
from governance.errors import Frozen, Gone, GovernanceError, NotFound, Objected
from governance.ids import CodeId, SubjectId
from governance.model import Purpose
from governance.people.model import Notice, Template
from serve_apps.ingress.accounts import profile
from serve_apps.ingress.services import Services
from serve_apps.notices.letters import write
from serve_apps.notices.mailer import AddressRefused, Envelope, Mailer, RelayUnreachable, SmtpMailer, Unsendable

log = logging.getLogger("pixreunion.notices")

POLL_S = 2.0


class NoticeDesk:
    """Reads the address under a lease, writes the letter, hands it to the relay, and says so."""

    def __init__(self, parts: Services, mailer: Mailer, poll_s: float = POLL_S) -> None:
        self._parts, self._mailer, self._poll_s = parts, mailer, poll_s
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, parts: Services) -> Self | None:
        """None where no relay is set."""
        return cls(parts, SmtpMailer(parts.settings.mail)) if parts.settings.mail is not None else None

    def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="notice desk")

    async def stop(self) -> None:
        if self._task is not None:
            await end([self._task])

    async def _work(self) -> None:
        while True:
            try:
                while await self.round():
                    pass
            except GovernanceError as error:
                log.warning("notices rest: %s", error.code)
            await asyncio.sleep(self._poll_s)

    async def round(self) -> int:
        """Sends what is due; gives how many there were."""
        due = await self._parts.governance.claim_notices()
        for notice in due:
            await self._deal_with(notice)
        return len(due)

    async def _deal_with(self, notice: Notice) -> None:
        governance = self._parts.governance
        try:
            await self._mailer.send(await self._envelope(notice))
        except (NotFound, Gone, Frozen, Objected, AddressRefused) as error:
            log.info("%s is dropped: %s", notice.id, type(error).__name__)
            await governance.notice_dropped(notice.id, notice.attempt)
        except Unsendable as error:
            # It waits like one that the relay puts off: the alarm on late notices tells, and a release may mend it.
            log.error("%s cannot be sent: %s", notice.id, error)
            await governance.notice_postponed(notice.id, notice.attempt)
        except (RelayUnreachable, GovernanceError) as error:
            log.warning("%s waits: %s", notice.id, error)
            await governance.notice_postponed(notice.id, notice.attempt)
        else:
            await governance.notice_sent(notice.id, notice.attempt)

    async def _envelope(self, notice: Notice) -> Envelope:
        marketing = notice.template is Template.NEWSLETTER
        person = await profile(self._parts, notice.subject, Purpose.MARKETING if marketing else Purpose.DELIVERY)
        words = {"name": person.name, "url": self._url()} | self._code(notice)
        link = self._unsubscription(notice.subject) if marketing else None
        if marketing:
            words |= {each: str(notice.facts.get(f"{each}_{person.language}", "")) for each in ("subject", "text")}
            words["link"] = link or ""
        try:
            letter = write(notice.template, person.language, notice.facts, words)
        except KeyError as error:
            raise Unsendable(f"the letter lacks {error}") from None
        return Envelope(notice, person.email, letter, link)

    def _unsubscription(self, subject: SubjectId) -> str | None:
        """A link that withdraws with one click; None where the service does not know its own address."""
        base = (self._parts.settings.public_url or "").rstrip("/")
        query = urlencode({"person": subject, "signature": self._parts.secrets.unsubscription(subject)})
        return f"{base}/v1/unsubscriptions?{query}" if base else None

    def _code(self, notice: Notice) -> dict[str, str]:
        """The code that this e-mail carries. In a link it stands behind the #, which browsers keep to themselves."""
        if "code" not in notice.facts:
            return {}
        code = self._parts.secrets.code_text(CodeId(str(notice.facts["code"])))
        return {"code": code, "link": f"{self._url()}/{notice.template}#{code}" if self._url() else ""}

    def _url(self) -> str:
        """Where people use the service: the client's own address, else the studio."""
        settings = self._parts.settings
        if settings.app_url is not None:
            return settings.app_url.rstrip("/")
        return f"{settings.public_url.rstrip('/')}/studio" if settings.public_url is not None else ""
