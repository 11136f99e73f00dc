"""The person of the demonstration: synthetic, from a seed that no model was trained on, with photos and prompts."""

import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from PIL import Image

from training.demo.photos import Photo, photos
from training.demo.prompts import wishes_for
from training.demo.seeds import EVALUATION, VALIDATION

PHOTOS = 8
PROMPTS = 4


@dataclass(frozen=True)
class Upload:
    """One photo as it is sent: a file, what is to be seen on it, and the picture."""

    name: str
    data: bytes = field(repr=False)
    caption: str
    picture: Image.Image = field(repr=False)


@dataclass(frozen=True)
class Person:
    """Everything of one person that the service gets to see."""

    seed: int
    name: str
    email: str
    password: str = field(repr=False)
    born: date
    uploads: Sequence[Upload]
    prompts: Sequence[str]


def fresh_person(seed: int | None = None) -> Person:
    """A person with eight photos and four prompts that no photo shows; another one at every call without a seed."""
    number = EVALUATION.seed(secrets.randbelow(EVALUATION.last - EVALUATION.first)) if seed is None else seed
    taken = photos(number, PHOTOS)
    tag = secrets.token_hex(6)
    return Person(
        seed=number,
        name=f"Demo Person {tag}",
        email=f"person-{tag}@demo.example.org",
        password=secrets.token_urlsafe(18),
        born=date(1990, 1, 31),
        uploads=[_upload(n, photo) for n, photo in enumerate(taken)],
        prompts=[wish.learned_prompt() for wish in wishes_for(taken, PROMPTS)],
    )


def stranger_files(count: int = 2) -> list[bytes]:
    """Photos of other people of the same world."""
    return [_png(photo.image) for n in range(count) for photo in photos(VALIDATION.seed(n), PHOTOS)]


def _upload(number: int, photo: Photo) -> Upload:
    return Upload(f"photo-{number + 1}.png", _png(photo.image), photo.caption, photo.image)


def _png(image: Image.Image) -> bytes:
    with io.BytesIO() as file:
        image.save(file, "PNG")
        return file.getvalue()
