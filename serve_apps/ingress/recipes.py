"""What a request's recipe comes to: whether this service takes it, and how much work it is beside its preset."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from serve_apps.config import RecipeLimits, TrainingSettings
from serve_apps.ingress.errors import Complaint, Invalid
from training.errors import InvalidJob
from training.jobs import Param, Recipe, Targets
from training.presets import recipe_for

_TARGETS = list(Targets)


@dataclass(frozen=True, slots=True)
class Work:
    """`params`: the knobs turned; `share`: rows trained over those of the preset as it is."""

    preset: str
    params: Mapping[str, Param]
    share: Fraction

    def gpu_seconds(self, settings: TrainingSettings) -> float:
        """What the queue reckons with."""
        return settings.gpu_seconds[self.preset] * float(self.share)

    def credits(self, of_preset: int) -> int:
        """The preset's price is the least; more work costs more in proportion, rounded up."""
        return max(of_preset, math.ceil(of_preset * self.share))


def work_of(settings: TrainingSettings, preset: str, params: Mapping[str, Param]) -> Work:
    """`Invalid` for what is no recipe."""
    plain = recipe_for(settings.family, preset)
    return Work(preset, dict(params), Fraction(_rows(_recipe(plain, params)), _rows(plain)))


def taken(settings: TrainingSettings, preset: str, params: Mapping[str, Param]) -> Work:
    """A request's work. `Invalid` names every knob that is beyond what this service takes."""
    recipe = _recipe(recipe_for(settings.family, preset), params)
    wrong = [Complaint(f"recipe.{name}", "beyond_limit", why) for name, why in _beyond(settings.limits, recipe, params)]
    if wrong:
        detail = "; ".join(f"{each.field}: {each.detail}" for each in wrong)
        raise Invalid(detail, code="invalid_recipe", param=wrong[0].field, complaints=wrong)
    return work_of(settings, preset, params)


def _recipe(plain: Recipe, params: Mapping[str, Param]) -> Recipe:
    try:
        return plain.with_params(params)
    except InvalidJob as error:
        raise Invalid(f"recipe.{error}", code="invalid_recipe", param="recipe") from None


def _rows(recipe: Recipe) -> int:
    """Regularisation pictures take part beside the photos."""
    return recipe.steps * recipe.batch * (2 if recipe.prior_weight else 1)


def _beyond(limits: RecipeLimits, recipe: Recipe, params: Mapping[str, Param]) -> list[tuple[str, str]]:
    """Only knobs that were turned: a preset is the service's own."""
    found = [
        (name, f"at most {most}")
        for name, most in (("steps", limits.steps), ("rank", limits.rank), ("batch", limits.batch))
        if name in params and getattr(recipe, name) > most
    ]
    if recipe.resolution > limits.resolution:
        most = f"at most {limits.resolution}" if limits.resolution else "only 0, the base model's own size"
        found.append(("resolution", most))
    if "targets" in params and _TARGETS.index(recipe.targets) > _TARGETS.index(limits.targets):
        found.append(("targets", f"at most {limits.targets}"))
    if "text_encoder" in params and recipe.text_encoder and not limits.text_encoder:
        found.append(("text_encoder", "only false: it is not adapted here"))
    if recipe.preview_steps and recipe.preview_steps * limits.previews < recipe.steps:
        least = math.ceil(recipe.steps / limits.previews)
        found.append(("preview_steps", f"at least {least} for {recipe.steps} steps"))
    return found
