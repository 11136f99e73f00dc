"""The photos a synthetic person would upload: captioned, all different, the same for the same seed."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from training.demo.captions import IDENTITY_TOKEN, caption
from training.demo.people import Identity, person
from training.demo.render import SIZE, render
from training.demo.scene import Background, Expression, Shirt, Variation, variation


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of a person: the picture, its caption with the identity token, and what it shows."""

    image: Image.Image
    caption: str
    identity: Identity
    variation: Variation


def subject(token: str = IDENTITY_TOKEN) -> str:
    """How a learned person is named in captions and prompts."""
    return f"{token} person"


def photos(seed: int, n: int, size: int = SIZE, token: str = IDENTITY_TOKEN) -> list[Photo]:
    """The first n photos of a person; places, shirts and expressions change from each to the next.

    Raises ValueError for a negative seed or when fewer than one photo is asked for.
    """
    if n < 1:
        raise ValueError(f"at least one photo is needed, got {n}")
    who, rng = person(seed), np.random.default_rng([0xF070, seed])
    places, shirts = rng.permutation(list(Background)), rng.permutation(list(Shirt))
    moods = rng.permutation(list(Expression))
    taken = []
    for i in range(n):
        how = variation(
            rng,
            Background(places[i % len(places)]),
            Shirt(shirts[i % len(shirts)]),
            Expression(moods[(i + i // len(moods)) % len(moods)]),
        )
        taken.append(Photo(render(who, how, size), caption(how, subject(token)), who, how))
    return taken
