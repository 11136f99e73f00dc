"""The base model, by diffusers' own loading code, from a folder or a hub id."""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import DiffusionPipeline


@dataclass(frozen=True, slots=True)
class Base:
    """What `serve_apps.engine` needs of a base model: its parts, frozen and in evaluation mode."""

    unet: Any
    vae: Any
    text_encoders: list[Any]
    tokenizers: list[Any]
    scheduler_config: dict[str, Any]


def load_base(path: str, device: str, dtype: str) -> Base:
    """`dtype` as torch names it (`float32`, `bfloat16`). Raises what diffusers raises for a folder that is no model."""
    pipeline = DiffusionPipeline.from_pretrained(path, torch_dtype=getattr(torch, dtype))
    pipeline.to(device)
    encoders = _present(pipeline, "text_encoder", "text_encoder_2")
    for module in (pipeline.unet, pipeline.vae, *encoders):
        module.eval().requires_grad_(False)
    return Base(
        unet=pipeline.unet,
        vae=pipeline.vae,
        text_encoders=encoders,
        tokenizers=_present(pipeline, "tokenizer", "tokenizer_2"),
        scheduler_config=dict(pipeline.scheduler.config),
    )


def _present(pipeline: Any, *names: str) -> list[Any]:
    return [part for name in names if (part := getattr(pipeline, name, None)) is not None]
