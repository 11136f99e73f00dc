"""Base models to measure on, built from their published configurations with random weights, and random adapters.

The demo base is the trained one where its weights are at hand: speed depends on shapes alone, and differences
between pictures mean more on a model that makes pictures.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from serve_apps.engine.model import AdapterId
from training.demo import weights
from training.demo.base import BaseConfig, build_scheduler, build_text_encoder, build_unet
from training.demo.tokenizer import build_tokenizer
from training.demo.vae import VaeConfig, build_vae
from training.engine.base import BaseModel
from training.engine.formats import AdapterWeights, LayerWeights, to_diffusers
from training.engine.names import Component

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789,.-"
_SCALED = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "prediction_type": "epsilon",
    "timestep_spacing": "leading",
}


@dataclass
class Subject:
    """What is measured: a base model, its picture side in pixels, and whether its weights are trained."""

    name: str
    base: BaseModel
    side: int
    trained: bool
    rank: int
    _files: dict[AdapterId, bytearray] = field(default_factory=dict)

    def copy(self) -> BaseModel:
        """The same weights in modules of their own."""
        parts = copy.deepcopy((self.base.unet, self.base.vae, self.base.text_encoders))
        return BaseModel(*parts, self.base.tokenizers, self.base.scheduler_config)

    def pipeline(self) -> Any:
        """Diffusers' pipeline over a copy, quiet."""
        plain = self.copy()
        parts = {"vae": plain.vae, "unet": plain.unet, "scheduler": None, "feature_extractor": None}
        parts |= {"text_encoder": plain.text_encoders[0], "tokenizer": plain.tokenizers[0]}
        if plain.is_xl:
            parts |= {"text_encoder_2": plain.text_encoders[1], "tokenizer_2": plain.tokenizers[1]}
            pipeline = StableDiffusionXLPipeline(**parts, add_watermarker=False)
        else:
            pipeline = StableDiffusionPipeline(**parts, safety_checker=None, requires_safety_checker=False)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def adapter(self, number: int) -> AdapterId:
        """A random adapter of every attention layer of the UNet, the usual LoRA; made once for each number."""
        id = AdapterId(f"adapter-{number}")
        if id not in self._files:
            self._files[id] = self._make(number)
        return id

    def fetch(self, id: AdapterId) -> bytearray:
        """A copy of the adapter's file."""
        return bytearray(self._files[id])

    def _make(self, number: int) -> bytearray:
        generator = torch.Generator().manual_seed(number)
        layers = {
            path: LayerWeights(
                torch.randn(self.rank, module.in_features, generator=generator) / module.in_features**0.5,
                torch.randn(module.out_features, self.rank, generator=generator) * 0.1 / self.rank**0.5,
            )
            for path, module in self.base.unet.named_modules()
            if path.endswith(ATTENTION) and isinstance(module, torch.nn.Linear)
        }
        return to_diffusers(AdapterWeights({Component.UNET: layers}))


def load(name: str, device: str, dtype: torch.dtype, rank: int) -> Subject:
    """The base model called `name`: "demo", "sd15" or "sdxl"."""
    torch.manual_seed(0)
    trained = name == "demo" and (weights.BASE / "model_index.json").exists()
    if trained:
        base = BaseModel.load(weights.BASE, device, dtype)
    else:
        base = BUILDERS[name]()
        for module in (base.unet, base.vae, *base.text_encoders):
            module.to(device=device, dtype=dtype)
    return Subject(name, base, base.side, trained, rank)


def _tokenizer(length: int) -> CLIPTokenizer:
    names = [*_LETTERS, *(letter + "</w>" for letter in _LETTERS), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={name: i for i, name in enumerate(names)}, merges=[], model_max_length=length)


def _text(width: int, layers: int, length: int, **more: Any) -> CLIPTextConfig:
    ids = {"bos_token_id": 78, "eos_token_id": 79, "pad_token_id": 79}
    heads = {"num_attention_heads": max(2, width // 64), "num_hidden_layers": layers}
    sizes = {"hidden_size": width, "intermediate_size": 4 * width, "max_position_embeddings": length}
    return CLIPTextConfig(**ids, **heads, **sizes, **more)


def _vae(channels: tuple[int, ...], latent: int, groups: int, factor: float) -> AutoencoderKL:
    depth = len(channels)
    return AutoencoderKL(
        block_out_channels=channels,
        latent_channels=latent,
        layers_per_block=2,
        norm_num_groups=groups,
        scaling_factor=factor,
        down_block_types=("DownEncoderBlock2D",) * depth,
        up_block_types=("UpDecoderBlock2D",) * depth,
    )


def _demo() -> BaseModel:
    """The demo world's own architecture, before it has learned anything."""
    config, tokenizer = BaseConfig(), build_tokenizer()
    text = build_text_encoder(config, tokenizer)
    return BaseModel(
        build_unet(config), build_vae(VaeConfig()), [text], [tokenizer], dict(build_scheduler(config).config)
    )


def _sd15() -> BaseModel:
    unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
    vae = _vae((128, 256, 512, 512), 4, 32, 0.18215)
    return BaseModel(unet, vae, [CLIPTextModel(_text(768, 12, 77))], [_tokenizer(77)], dict(_SCALED))


def _sdxl() -> BaseModel:
    unet = UNet2DConditionModel(
        sample_size=128,
        block_out_channels=(320, 640, 1280),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(5, 10, 20),
        cross_attention_dim=2048,
        transformer_layers_per_block=(1, 2, 10),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    )
    encoders = [
        CLIPTextModel(_text(768, 12, 77)),
        CLIPTextModelWithProjection(_text(1280, 32, 77, projection_dim=1280)),
    ]
    vae = _vae((128, 256, 512, 512), 4, 32, 0.13025)
    return BaseModel(unet, vae, encoders, [_tokenizer(77), _tokenizer(77)], dict(_SCALED))


BUILDERS: dict[str, Callable[[], BaseModel]] = {"demo": _demo, "sd15": _sd15, "sdxl": _sdxl}
"""Each base with random weights."""
