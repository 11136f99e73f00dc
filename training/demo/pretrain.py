"""Trains the demo world's models from its own people: `python -m training.demo.pretrain`.

Five stages, each small enough for a laptop and each resumed where it was cut off: what reads pictures (`checker`,
`encoder`, `finder`), the decoder of the picture autoencoder (`vae`) and the generator (`base`). All of them run through
Ray Train; `--workers 0` runs them in this process, without a cluster.

To train a base of your own, bring a `Stage` (an objective and its batches) for `stages` below; to use one that exists,
name its diffusers folder or hub id in the settings (`PIXREUNION_TRAINING__BASE__PATH`) and train nothing.
"""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import ray.train
import torch
import typer
from ray.train import RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer, get_device, prepare_model

from training.demo.base import BaseConfig, BaseStage
from training.demo.basis import Basis, fit_basis
from training.demo.checker import CheckerConfig, CheckerStage
from training.demo.dataset import Dataset, DatasetConfig, load_or_draw
from training.demo.faces import FinderConfig
from training.demo.finder import FinderStage
from training.demo.identity import EncoderConfig, EncoderStage
from training.demo.loop import LoopConfig, Stage, Trainer, Workers
from training.demo.seeds import BASE_TRAINING, ENCODER_TRAINING
from training.demo.tokenizer import build_tokenizer
from training.demo.vae import VaeConfig, VaeStage

STAGES = ("checker", "encoder", "finder", "vae", "base")
BASIS_PICTURES = 3000


@dataclass(frozen=True, slots=True)
class PretrainConfig:
    """Everything the shipped weights depend on."""

    base_people: DatasetConfig = DatasetConfig(people=16_000, pictures=5)
    encoder_people: DatasetConfig = DatasetConfig(people=6_000, pictures=6, seed=1)
    vae: VaeConfig = VaeConfig()
    base: BaseConfig = BaseConfig()
    encoder: EncoderConfig = EncoderConfig()
    checker: CheckerConfig = CheckerConfig()
    finder: FinderConfig = FinderConfig()
    loops: dict[str, LoopConfig] = field(
        default_factory=lambda: {
            "checker": LoopConfig(steps=2_000, batch=64, learning_rate=1e-3),
            "encoder": LoopConfig(steps=2_000, batch=128, learning_rate=1e-3),
            "finder": LoopConfig(steps=1_500, batch=32, learning_rate=2e-3),
            "vae": LoopConfig(steps=3_000, batch=16, learning_rate=2e-3, ema=0.995),
            "base": LoopConfig(steps=4_500, batch=64, learning_rate=5e-4, ema=0.9990, bfloat16=True, warmup=200),
        }
    )

    def scaled(self, share: float) -> "PretrainConfig":
        """The same with a share of the people and of the steps, to see that everything works before the long run."""
        loops = {
            name: replace(
                loop,
                steps=max(2, round(loop.steps * share)),
                warmup=round(loop.warmup * share),
                checkpoint_every=max(2, round(loop.checkpoint_every * share)),
            )
            for name, loop in self.loops.items()
        }
        people = (
            replace(drawn, people=max(40, round(drawn.people * share)))
            for drawn in (self.base_people, self.encoder_people)
        )
        return replace(self, base_people=next(people), encoder_people=next(people), loops=loops)


def basis_of(dataset: Dataset, channels: int) -> Basis:
    """The patches' basis that autoencoder and generator share; the same pictures give the same one."""
    return fit_basis(dataset.images[:BASIS_PICTURES], channels)


def build_stage(name: str, config: PretrainConfig, folder: Path) -> Stage:
    """One stage with its pictures, drawn first when they are not in the folder."""
    if name in ("checker", "encoder", "finder"):
        pictures = load_or_draw(folder / "encoder-people", ENCODER_TRAINING, config.encoder_people)
        if name == "finder":
            return FinderStage(pictures, config.finder)
        return CheckerStage(pictures, config.checker) if name == "checker" else EncoderStage(pictures, config.encoder)
    pictures = load_or_draw(folder / "base-people", BASE_TRAINING, config.base_people)
    basis = basis_of(pictures, config.base.latent_channels)
    if name == "vae":
        return VaeStage(pictures, basis, config.vae)
    return BaseStage(pictures, basis, config.base, build_tokenizer())


class Told:
    """Progress as lines on the terminal and, under Ray Train, as reported metrics."""

    def __init__(self, reporting: bool) -> None:
        self._reporting = reporting
        self._started: dict[str, tuple[float, int]] = {}

    def step(self, stage: str, step: int, steps: int, losses: dict[str, float]) -> None:
        since, first = self._started.setdefault(stage, (time.monotonic(), step))
        pace = (time.monotonic() - since) / max(1, step - first)
        told = " ".join(f"{name} {value:.4g}" for name, value in losses.items())
        typer.echo(f"{stage} {step}/{steps} {told}, {pace * (steps - step) / 60:.0f} min left", err=True)
        if self._reporting:
            ray.train.report({"step": step, **losses})


def train_stage(loop: dict[str, Any]) -> None:
    """What each Ray Train worker runs: one stage, from its last checkpoint on."""
    config: PretrainConfig = loop["config"]
    torch.manual_seed(config.loops[loop["stage"]].seed)
    stage = build_stage(loop["stage"], config, loop["folder"])
    context = ray.train.get_context()
    size = context.get_world_size()
    wrap = prepare_model if size > 1 else lambda module: module
    workers = Workers(context.get_world_rank(), size, get_device(), wrap)
    # Every worker must report as often as the first, which alone tells its steps: so only a lone worker reports.
    Trainer(stage, config.loops[loop["stage"]], loop["folder"], workers, Told(size == 1)).run()


def pretrain(stage: str, config: PretrainConfig, folder: Path, workers: int, gpu: bool) -> None:
    """Trains one stage to its end; all it learned stands in `folder`."""
    TorchTrainer(
        train_stage,
        train_loop_config={"stage": stage, "config": config, "folder": folder},
        scaling_config=ScalingConfig(num_workers=workers, use_gpu=gpu),
        run_config=RunConfig(name=f"pretrain-{stage}", storage_path=str(folder / "ray")),
    ).fit()


app = typer.Typer(add_completion=False)


@app.command()
def main(
    stage: Annotated[list[str], typer.Option(help="Only these stages, in this order.")] = list(STAGES),  # noqa: B006
    folder: Annotated[Path, typer.Option(help="Pictures, checkpoints and logs.")] = Path("var/pretrain"),
    workers: Annotated[int, typer.Option(help="Ray Train workers; 0 trains in this process.")] = 1,
    gpu: Annotated[bool, typer.Option(help="A GPU for each worker.")] = False,
    scale: Annotated[float, typer.Option(min=0.0, max=1.0, help="The share of people and steps, to try it out.")] = 1.0,
) -> None:
    """Trains the demo world's models; run again, it goes on where it was."""
    unknown = sorted(set(stage) - set(STAGES))
    if unknown:
        raise typer.BadParameter(f"there is no stage {', '.join(unknown)}: choose among {', '.join(STAGES)}")
    for name in stage:
        pretrain(name, PretrainConfig().scaled(scale), folder.absolute(), workers, gpu)


if __name__ == "__main__":
    app()
