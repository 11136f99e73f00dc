"""What a notice says: a template of its language, filled in. The first line of a template is the subject."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from string import Template as Text

from governance.people.model import Fact, Template
from serve_apps.notices.language import Language

_RIGHTS: Mapping[Language, Mapping[str, str]] = {
    Language.DANISH: {
        "access": "indsigt", "portability": "dataportabilitet", "rectification": "berigtigelse",
        "restriction": "begrænsning", "objection": "indsigelse",
    },
    Language.ENGLISH: {
        "access": "access", "portability": "portability", "rectification": "rectification",
        "restriction": "restriction", "objection": "objection",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail's subject and text, ready to be sent."""

    subject: str
    text: str = field(repr=False)


def write(template: Template, language: Language, facts: Mapping[str, Fact], more: Mapping[str, str]) -> Letter:
    """The letter; `more` are the words that facts may not carry, such as a name. `KeyError` names what is missing."""
    words = {name: str(value) for name, value in facts.items()} | dict(more)
    if "amount" in facts:
        words["price"] = _price(int(facts["amount"]), str(facts["currency"]), language)
    if "right" in facts:
        words["right"] = _RIGHTS[language][str(facts["right"])]
    subject, text = source(template, language)
    return Letter(subject.substitute(words), text.substitute(words))


@cache
def source(template: Template, language: Language) -> tuple[Text, Text]:
    """Subject and text with their blanks."""
    file = resources.files("serve_apps.notices").joinpath("templates", language, f"{template}.txt")
    subject, _, text = file.read_text(encoding="utf-8").partition("\n")
    return Text(subject), Text(text.lstrip("\n"))


def _price(amount: int, currency: str, language: Language) -> str:
    """Of the currency's smallest unit."""
    text = f"{amount // 100}.{amount % 100:02} {currency.upper()}"
    return text.replace(".", ",") if language is Language.DANISH else text
