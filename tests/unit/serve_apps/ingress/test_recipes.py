"""Limits of a recipe, and what it costs."""

from fractions import Fraction

import pytest

from serve_apps.config import RecipeLimits, TrainingSettings
from serve_apps.ingress.errors import Invalid
from serve_apps.ingress.recipes import taken, work_of
from training.jobs import Param, Targets
from training.presets import Family

NARROW = TrainingSettings(
    limits=RecipeLimits(steps=900, rank=16, batch=8, targets=Targets.ATTENTION_FF, text_encoder=False, previews=4)
)


@pytest.mark.parametrize(
    ("params", "share", "gpu_seconds", "credits"),
    [
        ({}, Fraction(1), 60.0, 40),
        ({"seed": 7, "rank": 4}, Fraction(1), 60.0, 40),
        ({"steps": 200}, Fraction(1, 2), 30.0, 40),
        ({"steps": 800}, Fraction(2), 120.0, 80),
        ({"steps": 401}, Fraction(401, 400), 60.15, 41),
        ({"batch": 4, "prior_weight": 0.5}, Fraction(1), 60.0, 40),
    ],
)
def test_work_grows_with_rows_and_costs_at_least_its_preset(
    params: dict[str, Param], share: Fraction, gpu_seconds: float, credits: int
) -> None:
    work = taken(TrainingSettings(), "balanced", params)
    assert (work.preset, work.params, work.share) == ("balanced", params, share)
    assert work.gpu_seconds(TrainingSettings()) == pytest.approx(gpu_seconds)
    assert work.credits(40) == credits


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"steps": 901}, "recipe.steps: at most 900"),
        ({"rank": 17, "batch": 9}, "recipe.rank: at most 16; recipe.batch: at most 8"),
        ({"resolution": 512}, "recipe.resolution: only 0, the base model's own size"),
        ({"targets": "all"}, "recipe.targets: at most attention_ff"),
        ({"text_encoder": True}, "recipe.text_encoder: only false: it is not adapted here"),
        ({"steps": 402, "preview_steps": 100}, "recipe.preview_steps: at least 101 for 402 steps"),
        ({"steps": 0}, "recipe.steps: Input should be greater than or equal to 1"),
        ({"colour": "red"}, "recipe.colour: Extra inputs are not permitted"),
    ],
)
def test_what_is_beyond_a_limit_is_named(params: dict[str, Param], said: str) -> None:
    with pytest.raises(Invalid, match="recipe") as error:
        taken(NARROW, "balanced", params)
    assert (error.value.detail, error.value.stable_code) == (said, "invalid_recipe")


def test_knobs_at_their_limits_are_taken_and_presets_are_the_services_own() -> None:
    at = {"steps": 900, "rank": 16, "batch": 8, "targets": "attention_ff", "text_encoder": False, "preview_steps": 225}
    assert taken(NARROW, "balanced", at).params == at
    # The preset itself adapts everything and the text encoder: that is not for a request to answer for.
    assert taken(NARROW, "quality", {}).share == 1
    wide = TrainingSettings(family=Family.SDXL, limits=RecipeLimits(resolution=1024))
    assert taken(wide, "fast", {"resolution": 768}).params == {"resolution": 768}


def test_work_that_was_taken_once_is_reckoned_with_whatever_the_limits_are_now() -> None:
    assert work_of(NARROW, "balanced", {"steps": 1200}).share == 3
