"""The relay is a real SMTP server here."""

from datetime import UTC, datetime

import pytest

from governance.ids import NoticeId, SubjectId
from governance.people.model import Notice, Template
from serve_apps.notices.letters import Letter
from serve_apps.notices.mailer import AddressRefused, Envelope, RelayUnreachable, SmtpMailer, Unsendable
from tests.support.mail import REFUSED, Mailbox, text_of

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def envelope(to: str = "ada@example.org") -> Envelope:
    notice = Notice(NoticeId.new(), SubjectId.new(), Template.TRAINING_FINISHED, {}, 1, AT)
    return Envelope(notice, to, Letter("Din model er klar: æøå", "Hej Ada\n\nÆøå.\n"))


async def test_an_email_arrives_as_it_was_written(relay: Mailbox) -> None:
    sent = envelope()
    await SmtpMailer(relay.settings).send(sent)
    [message] = relay.of("ada@example.org")
    assert message["Subject"] == "Din model er klar: æøå"
    assert text_of(message).splitlines() == ["Hej Ada", "", "Æøå."]
    assert message["From"] == "PixReunion <no-reply@pixreunion.example>"
    assert message["Message-ID"] == f"<{sent.notice.id}@pixreunion.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == AT
    assert "ada@example.org" not in repr(sent)


async def test_sent_twice_it_is_the_same_email(relay: Mailbox) -> None:
    sent = envelope()
    for _ in range(2):
        await SmtpMailer(relay.settings).send(sent)
    assert len(relay.taken) == 2
    assert len(relay.of("ada@example.org")) == 1


async def test_an_address_that_does_not_exist_is_refused_for_good(relay: Mailbox) -> None:
    with pytest.raises(AddressRefused):
        await SmtpMailer(relay.settings).send(envelope(REFUSED))


async def test_a_relay_that_is_busy_or_away_is_asked_later(relay: Mailbox) -> None:
    relay.answers.append("451 try again later")
    with pytest.raises(RelayUnreachable):
        await SmtpMailer(relay.settings).send(envelope())
    away = relay.settings.model_copy(update={"port": 9})
    with pytest.raises(RelayUnreachable):
        await SmtpMailer(away).send(envelope())
    unencrypted = relay.settings.model_copy(update={"starttls": True})
    with pytest.raises(RelayUnreachable):
        await SmtpMailer(unencrypted).send(envelope())
    assert relay.taken == []


async def test_a_line_break_in_a_name_makes_no_header(relay: Mailbox) -> None:
    notice = envelope().notice
    with pytest.raises(Unsendable) as refused:
        await SmtpMailer(relay.settings).send(Envelope(notice, "a@example.org\nBcc: b@example.org", Letter("x", "y")))
    assert "example.org" not in str(refused.value)


@pytest.mark.parametrize("break_", ["\v", "\f", "\x1c", "\x85", "\u2028"])
async def test_a_subject_of_two_lines_cannot_be_sent(relay: Mailbox, break_: str) -> None:
    notice = envelope().notice
    with pytest.raises(Unsendable):
        await SmtpMailer(relay.settings).send(Envelope(notice, "ada@example.org", Letter(f"x{break_}y", "z")))
