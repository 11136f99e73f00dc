"""Writes the parts as one diffusers directory that `StableDiffusionPipeline.from_pretrained` loads as it is."""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from transformers import CLIPTokenizer

from training.demo.base import BaseConfig, BaseObjective, build_scheduler


def pipeline(objective: BaseObjective, vae: AutoencoderKL, tokenizer: CLIPTokenizer) -> StableDiffusionPipeline:
    """The parts, put together."""
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=objective.text_encoder,
        tokenizer=tokenizer,
        unet=objective.unet,
        scheduler=build_scheduler(objective.config),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def export(objective: BaseObjective, vae: AutoencoderKL, tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Stores the model with the UNet in half precision; the parts themselves stay as they are."""
    stored = BaseObjective(objective.config, tokenizer)
    stored.load_state_dict(objective.state_dict())
    stored.unet.to(torch.float16)
    pipeline(stored, vae, tokenizer).save_pretrained(folder, safe_serialization=True)


__all__ = ["BaseConfig", "export", "pipeline"]
