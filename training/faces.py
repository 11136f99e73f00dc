"""The face encoder that finished models are scored with, named in the settings as `package.module:factory`.

The factory takes nothing and gives an object with `embed` (see `scoring.Embedder`), so that an operator can plug in a
real face-embedding model instead of the demo world's.
"""

from pathlib import Path

from training.config import TrainingSettings
from training.demo.weights import BASE
from training.plugins import factory_of
from training.scoring import LikenessScorer, Scorer

DEMO_ENCODER = "training.demo.identity:face_encoder"


def is_demo(path: str) -> bool:
    """Whether this is the base model that ships."""
    return Path(path).resolve() == BASE.resolve()


def scorer_for(settings: TrainingSettings) -> Scorer | None:
    """The scorer that the settings name, or the demo world's for its own base; None for others. `InvalidJob` when it
    cannot be found."""
    named = settings.preview.face_encoder or (DEMO_ENCODER if is_demo(settings.base.path) else "")
    if not named:
        return None
    return LikenessScorer(factory_of("preview.face_encoder", named)())
