"""Letters: every template in every language, with nothing left blank."""

import pytest

from governance.people.model import Fact, Template
from serve_apps.notices.language import Language
from serve_apps.notices.letters import source, write

FACTS: dict[Template, dict[str, Fact]] = {
    Template.ORDER_CONFIRMED: {
        "order": "ord_1", "receipt": 7, "credits": 100, "amount": 4905, "currency": "dkk",
    },
    Template.CONFIRM_ADDRESS: {"code": "cod_1"},
    Template.RESET_PASSWORD: {"code": "cod_1"},
    Template.PASSWORD_CHANGED: {},
    Template.TRAINING_FINISHED: {"training": "job_1"},
    Template.TRAINING_FAILED: {"training": "job_1"},
    Template.EXPIRES_SOON: {"count": 3, "day": "2026-01-31"},
    Template.POLICY_CHANGES: {"version": "2026-06-01"},
    Template.BUSINESS_TRANSFER: {"version": "2026-06-01"},
    Template.NEWSLETTER: {},
    Template.REQUEST_ANSWERED: {"request": "req_1", "right": "access"},
    Template.TICKET_ANSWERED: {"ticket": "tkt_1"},
}  # fmt: skip
WORDS = {"name": "Ada Example", "url": "https://app.example", "code": "0123", "link": "https://app.example/x#0123"}
WORDS |= {"subject": "News", "text": "There is news."}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("template", Template)
def test_every_letter_is_whole(template: Template, language: Language) -> None:
    letter = write(template, language, FACTS[template], WORDS)
    assert "$" not in letter.subject + letter.text
    assert "Ada Example" in letter.text
    assert "\n" not in letter.subject
    assert "Ada Example" not in repr(letter)


@pytest.mark.parametrize("template", Template)
def test_the_languages_say_the_same(template: Template) -> None:
    """They have the same blanks, and are not the same text."""
    subjects, texts = zip(*(source(template, language) for language in Language), strict=True)
    for each in (subjects, texts):
        assert len({frozenset(text.get_identifiers()) for text in each}) == 1
        assert len({text.template for text in each}) == len(Language) or each[0].template == "$subject"


def test_a_price_is_written_as_the_language_does() -> None:
    facts = FACTS[Template.ORDER_CONFIRMED]
    assert "49.05 DKK" in write(Template.ORDER_CONFIRMED, Language.ENGLISH, facts, WORDS).text
    assert "49,05 DKK" in write(Template.ORDER_CONFIRMED, Language.DANISH, facts, WORDS).text


def test_what_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="training"):
        write(Template.TRAINING_FAILED, Language.ENGLISH, {}, WORDS)
