"""A Stable Diffusion base small enough to run a hundred requests in seconds, and diffusers' own pipeline over it."""

from __future__ import annotations

import copy
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors.torch
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from numpy.typing import NDArray
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from serve_apps.engine.engine import Engine
from serve_apps.engine.model import AdapterId, GenerationRequest
from serve_apps.engine.samplers import scheduler_for
from training.engine.base import BaseModel

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789,.-"
SCHEDULERS: dict[str, dict[str, Any]] = {
    "epsilon": {
        "num_train_timesteps": 1000,
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "clip_sample": False,
        "set_alpha_to_one": False,
        "steps_offset": 1,
        "prediction_type": "epsilon",
    },
    "v_prediction": {
        "num_train_timesteps": 1000,
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "clip_sample": False,
        "prediction_type": "v_prediction",
    },
    "cosine": {
        "num_train_timesteps": 1000,
        "beta_schedule": "squaredcos_cap_v2",
        "clip_sample": False,
        "timestep_spacing": "trailing",
        "prediction_type": "v_prediction",
    },
}


class TinyBase(BaseModel):
    """A base model whose parts can be copied and handed to diffusers."""

    def copy(self) -> TinyBase:
        """The same weights in modules of their own, so that one can be adapted and the other left plain."""
        parts = copy.deepcopy((self.unet, self.vae, self.text_encoders))
        return TinyBase(*parts, self.tokenizers, self.scheduler_config)

    def pipeline(self) -> Any:
        """Diffusers' pipeline over copies of the modules."""
        plain = self.copy()
        parts = {"vae": plain.vae, "unet": plain.unet, "scheduler": None, "feature_extractor": None}
        parts |= {"text_encoder": plain.text_encoders[0], "tokenizer": plain.tokenizers[0]}
        if self.is_xl:
            parts |= {"text_encoder_2": plain.text_encoders[1], "tokenizer_2": plain.tokenizers[1]}
            pipeline = StableDiffusionXLPipeline(**parts, add_watermarker=False)
        else:
            pipeline = StableDiffusionPipeline(**parts, safety_checker=None, requires_safety_checker=False)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline


def tokenizer() -> CLIPTokenizer:
    names = [*LETTERS, *(letter + "</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={name: i for i, name in enumerate(names)}, merges=[], model_max_length=12)


def text_config() -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=80,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=12,
        projection_dim=24,
        bos_token_id=78,
        eos_token_id=79,
        pad_token_id=79,
    )


def tiny_vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 16),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        sample_size=16,
    )


UNET: dict[str, Any] = {
    "sample_size": 8,
    "block_out_channels": (16, 32),
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "attention_head_dim": 4,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
}


def tiny_base(prediction: str, seed: int = 0) -> TinyBase:
    """Stable Diffusion 1's layout; `prediction` names one of `SCHEDULERS`."""
    torch.manual_seed(seed)
    text = CLIPTextModel(text_config())
    unet = UNet2DConditionModel(**UNET, cross_attention_dim=32)
    config = {"_class_name": "DDIMScheduler", **SCHEDULERS[prediction]}
    return TinyBase(unet, tiny_vae(), [text], [tokenizer()], config)


def tiny_xl_base(seed: int = 0) -> TinyBase:
    """SDXL's layout: two text encoders, a pooled embedding, sizes beside the timestep, projections by matrix."""
    torch.manual_seed(seed)
    encoders = [CLIPTextModel(text_config()), CLIPTextModelWithProjection(text_config())]
    unet = UNet2DConditionModel(
        **UNET,
        cross_attention_dim=64,
        use_linear_projection=True,
        transformer_layers_per_block=(2, 1),
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=24 + 6 * 8,
    )
    config = {"_class_name": "EulerDiscreteScheduler", **SCHEDULERS["epsilon"], "timestep_spacing": "leading"}
    return TinyBase(unet, tiny_vae(), encoders, [tokenizer(), tokenizer()], config)


def by_pipeline(pipeline: Any, config: dict[str, Any], request: GenerationRequest) -> NDArray[Any]:
    """What diffusers makes of `request`: `[height, width, 3]` from 0 to 1."""
    pipeline.scheduler = scheduler_for(request.sampler, config)
    made = pipeline(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt or None,
        guidance_scale=request.guidance,
        num_inference_steps=request.steps,
        generator=torch.Generator().manual_seed(request.seed),
        height=request.size.height,
        width=request.size.width,
        output_type="np",
    )
    return np.asarray(made.images[0])


@dataclass
class TinyAdapter:
    """A random adapter: its file, and the same as diffusers' own loader takes it."""

    id: AdapterId
    data: bytes
    rank: int


def tiny_adapter(base: TinyBase, seed: int, rank: int = 4, *, text: bool = False, convs: bool = False) -> TinyAdapter:
    """Random layers for the attention of the UNet, strong enough to change pictures visibly."""
    generator = torch.Generator().manual_seed(1000 + seed)
    tensors: dict[str, torch.Tensor] = {}
    ends: tuple[str, ...] = ("to_q", "to_k", "to_v", "to_out.0")
    if convs:
        ends = (*ends, "conv1", "proj_in", "net.2", "time_emb_proj", "conv_shortcut", "downsamplers.0.conv")
    modules = base.modules if text else {"unet": base.unet}
    for component, module in modules.items():
        for path, layer in module.named_modules():
            if path.endswith(ends if component == "unet" else ("q_proj", "v_proj", "out_proj")):
                shape = tuple(layer.weight.shape)
                a = torch.randn(rank, *shape[1:], generator=generator) / np.prod(shape[1:]) ** 0.5
                b = torch.randn(shape[0], rank, *[1] * (len(shape) - 2), generator=generator) * 0.3 / rank**0.5
                tensors[f"{component}.{path}.lora_A.weight"] = a
                tensors[f"{component}.{path}.lora_B.weight"] = b
    return TinyAdapter(AdapterId(f"adapter-{seed}"), safetensors.torch.save(tensors), rank)


def finish(engine: Engine, futures: list[Future[Any]], limit: int = 500) -> None:
    """Step until every future is done; fetches on other threads are waited for."""
    deadline = time.monotonic() + 60
    turns = 0
    while not all(future.done() for future in futures):
        turns += engine.step()
        assert turns <= limit, f"not done after {limit} turns"
        assert time.monotonic() < deadline, "not done after 60 seconds"
