"""The face encoder that finished models are scored with, named in the settings as `package.module:factory`.

The factory takes nothing and gives an object with `embed` (see `scoring.Embedder`), so that an operator can plug in a
real face-embedding model instead of the demo world's.
"""

from importlib import import_module

from training.config import TrainingSettings
from training.errors import InvalidJob
from training.scoring import LikenessScorer, Scorer


def scorer_for(settings: TrainingSettings) -> Scorer | None:
    """The scorer that the settings name, None when they name none. `InvalidJob` when it cannot be found."""
    named = settings.preview.face_encoder
    if not named:
        return None
    module, _, factory = named.partition(":")
    try:
        make = getattr(import_module(module), factory)
    except (ImportError, AttributeError) as error:
        raise InvalidJob(f"preview.face_encoder: {named!r} cannot be loaded: {error}") from None
    return LikenessScorer(make())
