"""The fixed prompts every evaluation uses: none is a caption of a photo that was learned from."""

from dataclasses import dataclass

from training.demo.captions import IDENTITY_TOKEN, caption
from training.demo.photos import Photo
from training.demo.scene import Background, Expression, Shirt, Variation


@dataclass(frozen=True, slots=True)
class Wish:
    """One prompt's content: what a picture made from it must show."""

    background: Background
    shirt: Shirt
    expression: Expression

    def prompt(self, subject: str = "a person") -> str:
        return caption(Variation(self.background, self.shirt, self.expression), subject)

    def learned_prompt(self, token: str = IDENTITY_TOKEN) -> str:
        """The prompt for a person learned under `token`."""
        return self.prompt(f"{token} person")

    def shown_by(self, photo: Photo) -> bool:
        how = photo.variation
        return (how.background, how.shirt, how.expression) == (self.background, self.shirt, self.expression)


_PLACES, _SHIRTS, _MOODS = list(Background), list(Shirt), list(Expression)

# A Latin-square walk: every place, shirt and expression equally often, no pair of them twice in a row.
WISHES: tuple[Wish, ...] = tuple(
    Wish(_PLACES[i % 8], _SHIRTS[(3 * i + i // 8 + 1) % 8], _MOODS[(i + i // 4) % 4]) for i in range(16)
)


def wishes_for(learned: list[Photo], n: int) -> list[Wish]:
    """The first n fixed prompts that none of the learned photos shows."""
    fresh = [wish for wish in WISHES if not any(wish.shown_by(photo) for photo in learned)]
    return fresh[:n]
