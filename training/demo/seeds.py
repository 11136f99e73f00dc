"""Who may be used for what: disjoint ranges of people, so that nothing is measured on what it was trained on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeedRange:
    """The people from `first` up to and excluding `last`."""

    name: str
    first: int
    last: int

    def seed(self, index: int) -> int:
        """The seed of the index-th person of this range; ValueError when the range ends before it."""
        if not 0 <= index < self.last - self.first:
            size = self.last - self.first
            raise ValueError(f"the {self.name} range holds {size} people, there is no number {index}: ask for fewer")
        return self.first + index

    def __contains__(self, seed: object) -> bool:
        return isinstance(seed, int) and self.first <= seed < self.last


BASE_TRAINING = SeedRange("base training", 0, 1_000_000)
ENCODER_TRAINING = SeedRange("encoder training", 1_000_000, 2_000_000)
VALIDATION = SeedRange("validation", 2_000_000, 3_000_000)
EVALUATION = SeedRange("evaluation", 3_000_000, 4_000_000)

RANGES = (BASE_TRAINING, ENCODER_TRAINING, VALIDATION, EVALUATION)
