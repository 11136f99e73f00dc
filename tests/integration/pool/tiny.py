"""A Stable Diffusion folder small enough to train in seconds, and photos to train on."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training.config import BaseModelSettings, PreviewSettings, TrainingSettings, WorkerSettings
from training.jobs import Cost

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789,.-"
SMALL = {"steps": 12, "rank": 4, "batch": 2, "learning_rate": 0.005}


def _tokenizer(folder: Path) -> CLIPTokenizer:
    names = [*LETTERS, *(letter + "</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps({name: i for i, name in enumerate(names)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=12)


def save_base(folder: Path) -> Path:
    """A pipeline folder as `BaseModel.load` reads it, always with the same weights."""
    torch.manual_seed(0)
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
    words = CLIPTextConfig(
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
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(words),
        tokenizer=_tokenizer(folder.parent / "words"),
        unet=unet,
        scheduler=DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)
    return folder


def settings(base: Path, region: str, **worker: object) -> TrainingSettings:
    """Quick polls and few preview steps."""
    quick = {"region": region, "slots": 4, "max_rank": 8, "poll_s": 0.2, "report_s": 0.2, "idle_s": 0.5, **worker}
    return TrainingSettings(
        base=BaseModelSettings(path=str(base), threads=1),
        worker=WorkerSettings.model_validate(quick),
        preview=PreviewSettings(prompts=("a b",), steps=2),
        cost=Cost(fixed_s=1.0),
    )


def photo(seed: int) -> bytes:
    """A small colourful picture as PNG."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 255, (4, 4, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(small).resize((40, 36), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()
