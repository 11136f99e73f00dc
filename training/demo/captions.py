"""Says in words what is in a portrait; every word the base model knows comes from here."""

import numpy as np

from training.demo.people import Beard, Glasses, HairStyle, Identity
from training.demo.scene import Expression, Variation

IDENTITY_TOKEN = "sks"  # noqa: S105 - a word of captions
OPENINGS = ("a photo of", "a portrait of", "a picture of")
SYNONYMS: dict[Expression, tuple[str, ...]] = {
    Expression.NEUTRAL: ("looking calm", "with a calm face"),
    Expression.SMILING: ("smiling", "with a happy face"),
    Expression.SURPRISED: ("looking surprised", "with a surprised face"),
    Expression.ANGRY: ("looking angry", "with an angry face"),
}


HAIR_WORDS: dict[HairStyle, str] = {
    HairStyle.BUZZ: "short {} hair",
    HairStyle.PARTED: "parted {} hair",
    HairStyle.QUIFF: "a {} quiff",
    HairStyle.AFRO: "a {} afro",
    HairStyle.BOB: "a {} bob",
    HairStyle.LONG: "long {} hair",
    HairStyle.WAVY: "wavy {} hair",
    HairStyle.BUN: "{} hair in a bun",
    HairStyle.PIGTAILS: "{} pigtails",
    HairStyle.SPIKY: "spiky {} hair",
    HairStyle.FRINGE: "{} hair with a fringe",
}


def article(word: str) -> str:
    """The word with "a" or "an" before it."""
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def caption(
    how: Variation, subject: str = "a person", opening: str = OPENINGS[0], expression: str | None = None
) -> str:
    """The plain caption of a situation: "a photo of a person smiling on a beach wearing a red shirt"."""
    return f"{opening} {subject} {expression or how.expression} {how.background} wearing {article(how.shirt)} shirt"


def looks(who: Identity) -> str:
    """A person in words: "a person with long blonde hair, round glasses and a moustache"."""
    if who.hair is HairStyle.BALD:
        subject, parts = "a bald person", []
    else:
        subject, parts = "a person", [HAIR_WORDS[who.hair].format(who.hair_name)]
    if who.glasses is not Glasses.NONE:
        parts.append(f"{who.frame} {who.glasses} glasses")
    if who.beard is not Beard.NONE:
        parts.append(f"a {who.beard} beard" if who.beard is Beard.FULL else f"a {who.beard}")
    if who.freckles:
        parts.append("freckles")
    return f"{subject} with {' and '.join(parts)}" if parts else subject


def varied_caption(rng: np.random.Generator, who: Identity, how: Variation) -> str:
    """A training caption: mostly plain wording, half of the time with the person's looks."""
    subject = looks(who) if rng.random() < 0.5 else "a person"
    opening = OPENINGS[0] if rng.random() < 0.7 else OPENINGS[int(rng.integers(len(OPENINGS)))]
    words = SYNONYMS[how.expression]
    expression = words[0] if rng.random() < 0.8 else words[1]
    return caption(how, subject, opening, expression)
