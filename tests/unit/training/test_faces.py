"""Which face encoder a finished model is scored with."""

from pathlib import Path

import numpy as np
import pytest

from training.config import BaseModelSettings, PreviewSettings, TrainingSettings
from training.demo.photos import photos
from training.demo.weights import BASE
from training.errors import InvalidJob
from training.faces import scorer_for


def _settings(path: Path | str, encoder: str = "") -> TrainingSettings:
    return TrainingSettings(base=BaseModelSettings(path=str(path)), preview=PreviewSettings(face_encoder=encoder))


def test_the_demo_base_is_scored_by_the_demo_worlds_encoder() -> None:
    scorer = scorer_for(_settings(BASE))
    assert scorer is not None
    one, same, other = (
        np.stack([np.asarray(photo.image) for photo in photos(seed, 6)])[part]
        for seed, part in ((7, slice(0, 3)), (7, slice(3, 6)), (8, slice(0, 3)))
    )
    assert scorer.score(one, same) > scorer.score(one, other) + 0.2


def test_another_base_has_none_until_the_settings_name_one() -> None:
    assert scorer_for(_settings("some/base")) is None
    assert scorer_for(_settings("some/base", "training.demo.identity:face_encoder")) is not None
    with pytest.raises(InvalidJob, match=r"'no\.such:thing' cannot be loaded"):
        scorer_for(_settings("some/base", "no.such:thing"))
