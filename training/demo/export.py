"""Writes what was learned as the files that ship: `python -m training.demo.export --folder var/pretrain`.

The base model becomes one diffusers directory that `StableDiffusionPipeline.from_pretrained` loads as it is; each
reader becomes one safetensors file.
"""

from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from diffusers import AutoencoderKL, StableDiffusionPipeline
from transformers import CLIPTokenizer

from training.demo import weights
from training.demo.base import BaseObjective, build_scheduler
from training.demo.checker import CheckerObjective
from training.demo.finder import FinderObjective, store_finder
from training.demo.identity import EncoderObjective
from training.demo.nets import store
from training.demo.pretrain import PretrainConfig
from training.demo.tokenizer import build_tokenizer
from training.demo.vae import DecoderObjective, build_vae


def learned(folder: Path, stage: str) -> dict[str, Any]:
    """The weights a stage has learned so far: the averaged ones where it keeps an average.

    Raises FileNotFoundError when the stage has not begun.
    """
    path = folder / f"{stage}.pt"
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run python -m training.demo.pretrain --stage {stage} first")
    state = torch.load(path, map_location="cpu", weights_only=True)
    found: dict[str, Any] = state.get("average", state["module"])
    return found


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


def export_base(folder: Path, out: Path, config: PretrainConfig) -> None:
    """Stores the base model, the UNet in half precision; the autoencoder's exact encoder needs single precision."""
    tokenizer = build_tokenizer()
    objective = BaseObjective(config.base, tokenizer)
    objective.load_state_dict(learned(folder, "base"))
    decoder = DecoderObjective(build_vae(config.vae), config.vae)
    decoder.load_state_dict(learned(folder, "vae"))
    objective.unet.to(torch.float16)
    pipeline(objective, decoder.vae, tokenizer).save_pretrained(out, safe_serialization=True)


def export_readers(folder: Path, out: Path, config: PretrainConfig) -> None:
    """Stores the identity encoder, the attribute checker and the face finder."""
    encoder = EncoderObjective(config.encoder)
    encoder.load_state_dict(learned(folder, "encoder"))
    checker = CheckerObjective(config.checker)
    checker.load_state_dict(learned(folder, "checker"))
    for net, place in (
        (encoder.net, weights.ENCODER),
        (checker.scene, weights.SCENE_CHECKER),
        (checker.expression, weights.EXPRESSION_CHECKER),
    ):
        store(net, out / place.name)
    finder = FinderObjective(config.finder)
    finder.load_state_dict(learned(folder, "finder"))
    store_finder(finder.net, out / weights.FINDER.name)


def main(
    folder: Annotated[Path, typer.Option(help="Where pretraining keeps its checkpoints.")] = Path("var/pretrain"),
    out: Annotated[Path, typer.Option(help="Where the weights go.")] = weights.FOLDER,
) -> None:
    """Writes base model, identity encoder and attribute checker from the last checkpoints."""
    config = PretrainConfig()
    export_readers(folder, out, config)
    export_base(folder, out / weights.BASE.name, config)
    typer.echo(f"{out}: base {weights.megabytes(out / weights.BASE.name):.1f} MB")


if __name__ == "__main__":
    typer.run(main)
