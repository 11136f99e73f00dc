"""The people of one measurement: those who are learned, and the gallery they must be told apart from."""

from dataclasses import dataclass

import numpy as np

from training.demo.photos import Photo, photos
from training.demo.prompts import Wish, wishes_for
from training.demo.render import pixels
from training.demo.scene import variation
from training.demo.seeds import EVALUATION, SeedRange
from training.evaluation import FaceEncoder, Pixels, Vectors, centres

GALLERY = 100
PHOTOS = 8
FRESH = 4


@dataclass(frozen=True, slots=True)
class Subject:
    """One person to learn: their photos, and what is asked of the model that was learned from these."""

    seed: int
    photos: list[Photo]
    wishes: list[Wish]

    @property
    def album(self) -> Pixels:
        """The photos, uint8 (n, 64, 64, 3)."""
        return np.stack([np.asarray(photo.image) for photo in self.photos])

    @property
    def captions(self) -> list[str]:
        return [photo.caption for photo in self.photos]

    @property
    def prompts(self) -> list[str]:
        return [wish.learned_prompt() for wish in self.wishes]

    def renders(self, salt: int, n: int) -> Pixels:
        """Fresh pictures (n, 64, 64, 3) of this person, drawn; showing the wishes in turn."""
        rng = np.random.default_rng([salt, self.seed])
        asked = [self.wishes[i % len(self.wishes)] for i in range(n)]
        who = self.photos[0].identity
        return np.stack([pixels(who, variation(rng, a.background, a.shirt, a.expression)) for a in asked])


@dataclass(frozen=True, slots=True)
class Cast:
    """`gallery`: one unit vector for each of a hundred people, the subjects first."""

    subjects: list[Subject]
    gallery: Vectors


def cast(people: int, seed: int, prompts: int, encoder: FaceEncoder, among: SeedRange = EVALUATION) -> Cast:
    """A hundred people of a range, chosen by the seed; the first `people` of them are learned.

    Raises ValueError when more people than the gallery holds are asked for.
    """
    if not 1 <= people <= GALLERY:
        raise ValueError(f"from 1 to {GALLERY} people can be learned in one measurement, not {people}")
    chosen = np.random.default_rng(seed).choice(among.last - among.first, GALLERY, replace=False)
    taken = [photos(among.seed(int(number)), PHOTOS) for number in chosen]
    known = np.concatenate([[np.asarray(photo.image) for photo in each] for each in taken])
    subjects = [Subject(each[0].identity.seed, each, wishes_for(each, prompts)) for each in taken[:people]]
    return Cast(subjects, centres(encoder.embed(known), GALLERY))
