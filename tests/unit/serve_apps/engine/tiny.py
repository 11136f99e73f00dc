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
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from numpy.typing import NDArray
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from serve_apps.engine.engine import Engine
from serve_apps.engine.model import AdapterId, GenerationRequest
from serve_apps.engine.samplers import scheduler_for

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


@dataclass
class TinyBase:
    unet: Any
    vae: Any
    text_encoders: list[Any]
    tokenizers: list[Any]
    scheduler_config: dict[str, Any]

    def copy(self) -> TinyBase:
        """The same weights in modules of their own, so that one can be adapted and the other left plain."""
        parts = copy.deepcopy((self.unet, self.vae, self.text_encoders))
        return TinyBase(*parts, self.tokenizers, self.scheduler_config)

    def pipeline(self) -> StableDiffusionPipeline:
        """Diffusers' pipeline over copies of the modules."""
        plain = self.copy()
        pipeline = StableDiffusionPipeline(
            vae=plain.vae,
            text_encoder=plain.text_encoders[0],
            tokenizer=plain.tokenizers[0],
            unet=plain.unet,
            scheduler=None,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline


def tokenizer() -> CLIPTokenizer:
    names = [*LETTERS, *(letter + "</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={name: i for i, name in enumerate(names)}, merges=[], model_max_length=12)


def tiny_base(prediction: str, seed: int = 0) -> TinyBase:
    torch.manual_seed(seed)
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=80,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=12,
            bos_token_id=78,
            eos_token_id=79,
            pad_token_id=79,
        )
    )
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
        cross_attention_dim=32,
        attention_head_dim=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 16),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        sample_size=16,
    )
    for module in (unet, vae, text):
        module.eval().requires_grad_(False)
    return TinyBase(unet, vae, [text], [tokenizer()], {"_class_name": "DDIMScheduler", **SCHEDULERS[prediction]})


def by_pipeline(pipeline: StableDiffusionPipeline, config: dict[str, Any], request: GenerationRequest) -> NDArray[Any]:
    """What diffusers makes of `request`: `[height, width, 3]` from 0 to 1."""
    pipeline.scheduler = scheduler_for(request.sampler, config)
    made = pipeline(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
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
    modules = {"unet": base.unet, **({"text_encoder": base.text_encoders[0]} if text else {})}
    for component, module in modules.items():
        for path, layer in module.named_modules():
            if path.endswith(ends if component == "unet" else ("q_proj", "v_proj")):
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
