"""A Stable Diffusion base small enough for tests: real diffusers modules with random weights."""

import copy
from collections.abc import Iterator

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training.engine.base import BaseModel

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789,.-"
SCHEDULER = {
    "_class_name": "DDIMScheduler",
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "prediction_type": "epsilon",
}


def tokenizer() -> CLIPTokenizer:
    names = [*LETTERS, *(letter + "</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={name: i for i, name in enumerate(names)}, merges=[], model_max_length=12)


def text_encoder() -> CLIPTextModel:
    return CLIPTextModel(
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


def build(seed: int = 0) -> BaseModel:
    torch.manual_seed(seed)
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
    return BaseModel(unet, vae, [text_encoder()], [tokenizer()], dict(SCHEDULER))


_TINY = build()


@pytest.fixture
def base() -> BaseModel:
    """A base of its own for each test, always with the same weights."""
    parts = copy.deepcopy((_TINY.unet, _TINY.vae, _TINY.text_encoders))
    return BaseModel(*parts, _TINY.tokenizers, dict(SCHEDULER))


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    """Nothing here is large enough to share out, and threads that wait for each other wait long on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
