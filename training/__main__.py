"""`python -m training FOLDER`: fine-tune a folder of photos without the service.

    python -m training photos/ --out learned/ --preset fast
    python -m training photos/ --out learned/ --set steps=600 --set rank=32 --regularisation people/ --workers 4

A caption stands beside its photo in a text file of the same name. What comes out is a LoRA in the format that
diffusers, ComfyUI and others load, previews, and a report to look at.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from diffusers.utils import logging as diffusers_logging
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from transformers.utils import logging as transformers_logging

from training.config import BaseModelSettings, PreviewSettings
from training.demo.weights import BASE
from training.errors import InvalidJob, TrainingError
from training.folder import files_of, read_folder
from training.knobs import knobs
from training.operator import ADAPTER, Made, News, Order, make
from training.parallel import make_together, on_ray
from training.presets import Family, Preset


class Lines:
    """Progress as JSON lines, for a script."""

    def __call__(self, news: News) -> None:
        typer.echo(json.dumps(asdict(news)))

    def done(self, made: Made) -> None:
        typer.echo(json.dumps({**asdict(made), "done": True}, default=str))


class Bar:
    """Progress as a bar, for a person."""

    def __init__(self) -> None:
        columns = (TextColumn("step"), MofNCompleteColumn(), BarColumn(), TextColumn("loss {task.fields[loss]:.4f}"))
        self._progress = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))
        self._task: TaskID | None = None

    def __call__(self, news: News) -> None:
        if self._task is None:
            self._progress.start()
            self._task = self._progress.add_task("", total=news.steps, loss=news.loss)
        self._progress.update(self._task, completed=news.step, loss=news.loss)
        if news.step >= news.steps:
            self._progress.stop()

    def done(self, made: Made) -> None:
        typer.echo(f"{made.adapter}: {made.adapter.stat().st_size / 1e6:.1f} MB in {made.seconds:.0f} s")
        if made.score is not None:
            typer.echo(f"The likeness is {made.score:.2f} (1: the same person).")
        typer.echo(f"{made.report} shows loss and previews.")


def order_of(given: dict[str, Any]) -> Order:
    """The command's options as an order, checked as far as can be before anything slow is loaded."""
    family = given["family"] or (Family.DEMO if given["base"] == BASE else Family.SD15)
    base = BaseModelSettings(
        path=str(given["base"]),
        family=family,
        device=given["device"],
        dtype=given["dtype"],
        autocast=given["autocast"],
        instance_prompt=given["caption"],
        class_prompt=given["class_prompt"],
    )
    preview = PreviewSettings(face_encoder=given["face_encoder"])
    if given["prompts"]:
        preview = preview.model_copy(update={"prompts": tuple(given["prompts"])})
    order = Order(
        given["folder"],
        given["out"],
        base,
        given["preset"],
        knobs(given["settings"]),
        given["regularisation"],
        preview,
    )
    order.recipe()
    for folder, caption in ((order.photos, base.instance_prompt), (order.regularisation, base.class_prompt)):
        if folder is not None:
            files_of(folder)
            read_folder(folder, 8, caption)
    if (order.out / ADAPTER).exists() and not given["overwrite"]:
        raise InvalidJob(f"{order.out / ADAPTER} is there already; name another --out, or --overwrite")
    return order


def main(
    folder: Annotated[Path, typer.Argument(help="Photos of one person, with captions in text files beside them.")],
    out: Annotated[Path, typer.Option(help="Where adapter, previews and report go.")] = Path("learned"),
    preset: Annotated[Preset, typer.Option(help="How much work goes into it.")] = Preset.BALANCED,
    settings: Annotated[list[str] | None, typer.Option("--set", help="A knob, such as steps=300; repeat it.")] = None,
    base: Annotated[Path, typer.Option(help="Base model: a diffusers folder or a hub id.")] = BASE,
    family: Annotated[Family | None, typer.Option(help="Whose presets to use; default: by the base model.")] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    dtype: Annotated[str, typer.Option(help="Of the base model's weights, such as bfloat16.")] = "float32",
    autocast: Annotated[str, typer.Option(help="Compute in this precision, such as bfloat16.")] = "",
    caption: Annotated[str, typer.Option(help="For photos without one.")] = "a photo of sks person",
    class_prompt: Annotated[str, typer.Option(help="For regularisation pictures.")] = "a photo of a person",
    regularisation: Annotated[Path | None, typer.Option(help="A folder of pictures of other people.")] = None,
    prompt: Annotated[list[str] | None, typer.Option(help="What previews show; repeat it.")] = None,
    face_encoder: Annotated[str, typer.Option(help="package.module:factory that measures the likeness.")] = "",
    workers: Annotated[int, typer.Option(min=1, help="Share the work among so many, on Ray Train.")] = 1,
    address: Annotated[str | None, typer.Option(help="The Ray cluster for more than one worker.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace what an earlier call made.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Progress and result as JSON lines.")] = False,
) -> None:
    """Fine-tunes a base model on a folder of photos, without the service."""
    given = {**locals(), "settings": settings or [], "prompts": prompt or []}
    teller = Lines() if as_json else Bar()
    for library in (diffusers_logging, transformers_logging):
        library.set_verbosity_error()
        library.disable_progress_bar()
    try:
        order = order_of(given)
        teller.done(_made(order, workers, address, teller))
    except TrainingError as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo(f"Stopped; the same command goes on from the last checkpoint in {out}, if there is one.", err=True)
        sys.exit(130)


def _made(order: Order, workers: int, address: str | None, teller: Lines | Bar) -> Made:
    if workers > 1:
        on_ray(address)
        return make_together(order, workers, teller)
    made = make(order, teller)
    assert made is not None, "the only worker is the first"
    return made


if __name__ == "__main__":
    typer.run(main)
