"""Named recipes for each family of base model, chosen by measurement (`docs/training.md` has the figures)."""

from collections.abc import Mapping
from enum import StrEnum

from training.errors import InvalidJob
from training.jobs import Param, Recipe, Schedule, Targets


class Preset(StrEnum):
    FAST = "fast"
    BALANCED = "balanced"
    QUALITY = "quality"


class Family(StrEnum):
    """What kind of base model the pool trains on."""

    DEMO = "demo"
    SD15 = "sd15"
    SDXL = "sdxl"


_DEMO = Recipe(steps=400, rank=16, learning_rate=1e-3, batch=8)
_SD15 = Recipe(
    steps=600,
    rank=16,
    learning_rate=2e-4,
    schedule=Schedule.COSINE,
    warmup_steps=20,
    batch=1,
    targets=Targets.ATTENTION,
    text_encoder=False,
    min_snr_gamma=5.0,
)

PRESETS: Mapping[Family, Mapping[Preset, Recipe]] = {
    Family.DEMO: {
        Preset.FAST: _DEMO.with_params({"steps": 180, "rank": 8, "targets": Targets.ATTENTION_FF}),
        Preset.BALANCED: _DEMO,
        Preset.QUALITY: _DEMO.with_params({"steps": 600}),
    },
    Family.SD15: {
        Preset.FAST: _SD15.with_params({"steps": 300, "rank": 8, "learning_rate": 3e-4}),
        Preset.BALANCED: _SD15,
        Preset.QUALITY: _SD15.with_params({"steps": 1200, "learning_rate": 1e-4, "batch": 2, "text_encoder": True}),
    },
    Family.SDXL: {
        Preset.FAST: _SD15.with_params({"steps": 300, "rank": 8, "learning_rate": 2e-4}),
        Preset.BALANCED: _SD15.with_params({"learning_rate": 1e-4}),
        Preset.QUALITY: _SD15.with_params({"steps": 1200, "learning_rate": 1e-4, "text_encoder": True}),
    },
}


def recipe_for(family: Family, preset: str, params: Mapping[str, Param] | None = None) -> Recipe:
    """The recipe of a request; `InvalidJob` for an unknown preset or a knob that does not fit."""
    try:
        named = Preset(preset)
    except ValueError:
        raise InvalidJob(f"preset: there is no {preset[:40]!r}; choose {', '.join(Preset)}") from None
    return PRESETS[family][named].with_params(params or {})
