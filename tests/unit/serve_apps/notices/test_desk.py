"""The desk, between an outbox that fails in every way and a real relay."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.embedded.throwaway import Servers
from governance.holder import Holder
from governance.ids import SubjectId
from governance.ledger import notices
from governance.model import Kind, NewArtifact, Purpose
from governance.people.model import NewNotice, Template
from governance.service import GovernanceService
from serve_apps.config import ServeSettings
from serve_apps.ingress.secrets import Secrets
from serve_apps.ingress.services import Services, compose
from serve_apps.notices.desk import NoticeDesk
from serve_apps.notices.mailer import Envelope, SmtpMailer
from tests.support.governance import fresh_database, holding, running, settings_for, sign_up
from tests.support.mail import REFUSED, Mailbox, text_of

ADA = "ada@example.org"


class Killed(Exception):
    """What ends a process between two lines."""


class Dying(SmtpMailer):
    """The relay has taken it, and the process is gone."""

    async def send(self, envelope: Envelope) -> None:
        await super().send(envelope)
        raise Killed


@pytest.fixture
async def parts(servers: Servers, tmp_path: Path, relay: Mailbox) -> AsyncIterator[Services]:
    with fresh_database(servers) as dsn:
        settings = settings_for(servers, dsn, tmp_path).model_copy(update={"mail": relay.settings})
        async with running(settings) as service, holding(service) as holder:
            serving = ServeSettings(mail=relay.settings, app_url="https://app.example/")
            yield compose(service, holder, None, serving, Secrets(b"desk" * 8))  # type: ignore[arg-type]


async def told(parts: Services, email: str = ADA, language: str = "da") -> SubjectId:
    """Somebody with a profile and one notice."""
    service, holder = parts.governance, parts.holder
    assert isinstance(service, GovernanceService)
    assert isinstance(holder, Holder)
    person = await sign_up(service)
    profile = f'{{"name": "Ada", "email": "{email}", "age_checked": true, "language": "{language}"}}'
    await holder.write(NewArtifact(Kind.PROFILE, (person.id,), Purpose.ACCOUNT), profile.encode())
    async with service.parts.database.transaction() as conn:
        new = NewNotice(person.id, Template.TRAINING_FAILED, "1", {"training": "job_1"})
        await notices.queue(conn, new, parts.now())
    return person.id


async def waiting(parts: Services) -> int:
    service = parts.governance
    assert isinstance(service, GovernanceService)
    async with service.parts.database.transaction() as conn:
        due = "UPDATE notices SET next_at = created_at, leased_until = NULL WHERE state = 'queued'"
        cursor = await conn.execute(due)
        return cursor.rowcount


async def test_a_notice_is_sent_in_the_persons_language(parts: Services, relay: Mailbox) -> None:
    await told(parts)
    desk = NoticeDesk.of(parts)
    assert desk is not None
    assert await desk.round() == 1
    assert await desk.round() == 0
    [message] = relay.of(ADA)
    assert message["Subject"] == "Din model kunne ikke trænes"
    assert "Hej Ada" in text_of(message)
    assert "https://app.example" in text_of(message).splitlines()


async def test_without_a_client_of_its_own_the_service_writes_of_its_studio(parts: Services, relay: Mailbox) -> None:
    await told(parts)
    settings = ServeSettings(mail=relay.settings, public_url="https://api.example/")
    await NoticeDesk(replace(parts, settings=settings), SmtpMailer(relay.settings)).round()
    [message] = relay.of(ADA)
    assert "https://api.example/studio" in text_of(message).splitlines()


async def test_a_sender_that_dies_at_the_worst_moment_sends_no_second_email(parts: Services, relay: Mailbox) -> None:
    await told(parts)
    assert parts.settings.mail is not None
    with pytest.raises(Killed):
        await NoticeDesk(parts, Dying(parts.settings.mail)).round()
    assert await waiting(parts) == 1
    await NoticeDesk(parts, SmtpMailer(parts.settings.mail)).round()
    assert await waiting(parts) == 0
    assert len(relay.of(ADA)) == 1
    assert len({one["Message-ID"] for one in relay.taken}) == 1


async def test_a_relay_that_is_busy_gets_it_later(parts: Services, relay: Mailbox) -> None:
    await told(parts)
    relay.answers.append("451 try again later")
    desk = NoticeDesk.of(parts)
    assert desk is not None
    await desk.round()
    assert await desk.round() == 0, "not at once"
    assert await waiting(parts) == 1
    await desk.round()
    assert len(relay.of(ADA)) == 1


async def test_a_notice_of_which_no_letter_can_be_made_holds_up_nobody(parts: Services, relay: Mailbox) -> None:
    person = await told(parts)
    assert isinstance(parts.governance, GovernanceService)
    for about, facts in {"2": {}, "3": {"right": "access\u2028"}}.items():
        async with parts.governance.parts.database.transaction() as conn:
            await notices.queue(conn, NewNotice(person, Template.REQUEST_ANSWERED, about, facts), parts.now())
            first = "UPDATE notices SET created_at = created_at - interval '1 hour' WHERE about = %s"
            await conn.execute(first, [about])
    desk = NoticeDesk.of(parts)
    assert desk is not None
    assert await desk.round() == 3
    assert len(relay.of(ADA)) == 1
    assert await waiting(parts) == 2, "they wait, as the alarm on late notices tells"


async def test_nobody_to_write_to(parts: Services, relay: Mailbox) -> None:
    """An address that is refused for good, and a person who was erased meanwhile."""
    await told(parts, REFUSED)
    gone = await told(parts)
    desk = NoticeDesk.of(parts)
    assert desk is not None
    await parts.governance.erase(gone)
    await desk.round()
    assert relay.taken == []
    await desk.round()
    assert await waiting(parts) <= 1


async def test_without_a_relay_there_is_no_desk(parts: Services) -> None:
    settings = parts.settings.model_copy(update={"mail": None})
    assert NoticeDesk.of(compose(parts.governance, parts.holder, parts.generator, settings, parts.secrets)) is None
