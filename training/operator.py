"""One folder of photos becomes an adapter, without service, database or account: the pool's own pack and recipes.

    Order ─► read the folder ─► steps ─► previews, likeness ─► adapter.safetensors, report.html, preview-N.png

What is made lies as plain files in the folder that the operator names; to keep people's rights is then theirs to do.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from governance.ids import JobId
from training.active import MOST_SHOWN
from training.album import Pixels
from training.config import BaseModelSettings, PreviewSettings, TrainingSettings, WorkerSettings
from training.engine.base import BaseModel
from training.engine.errors import EngineError
from training.engine.sharding import Shard
from training.engine_pack import EnginePack, packed
from training.errors import InvalidJob, LossDiverged, TooLarge
from training.faces import scorer_for
from training.folder import Photos, read_folder
from training.jobs import Param, Recipe
from training.pack import OutOfMemory, Prior, Stepped
from training.presets import recipe_for
from training.progress import LossCurve, Pace
from training.report import ReportFacts, png, render

ADAPTER, REPORT, CHECKPOINT = "adapter.safetensors", "report.html", "checkpoint.safetensors"
_JOB = JobId("job_" + "0" * 32)


@dataclass(frozen=True)
class Order:
    """`photos` and `regularisation` are folders, `out` where everything goes. `checkpoint_steps`: how often what was
    learned is saved, so that a second call goes on from there."""

    photos: Path
    out: Path
    base: BaseModelSettings
    preset: str = "balanced"
    params: Mapping[str, Param] = field(default_factory=dict)
    regularisation: Path | None = None
    preview: PreviewSettings = field(default_factory=PreviewSettings)
    checkpoint_steps: int = 100

    def recipe(self) -> Recipe:
        """`InvalidJob` names the knob that does not fit."""
        recipe = recipe_for(self.base.family, self.preset, self.params)
        if self.regularisation is not None and not recipe.prior_weight:
            return recipe.with_params({"prior_weight": 1.0})
        return recipe

    def settings(self, recipe: Recipe) -> TrainingSettings:
        """A pack with room for this job alone."""
        worker = WorkerSettings(slots=1, max_rank=recipe.rank, targets=recipe.targets, text_encoder=recipe.text_encoder)
        return TrainingSettings(base=self.base, worker=worker, preview=self.preview)


@dataclass(frozen=True, slots=True)
class News:
    """How far it is; `seconds_left` None before the first step."""

    step: int
    steps: int
    loss: float
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Made:
    """What lies in the order's folder now; `score` None when nothing could measure the likeness."""

    adapter: Path
    report: Path
    previews: tuple[Path, ...]
    score: float | None
    steps: int
    seconds: float


Tell = Callable[[News], object]


def make(order: Order, tell: Tell, shard: Shard | None = None) -> Made | None:
    """Train to the last step and write everything; None on every worker but the first of several.

    Raises `InvalidJob`, `NoPhotos`, `UnreadablePhoto`, `TooLarge`, `LossDiverged`.
    """
    began = time.monotonic()
    recipe = order.recipe()
    base = load(order.base)
    recipe = recipe.with_params({"resolution": recipe.resolution or base.side, "seed": recipe.seed or 1})
    photos = read_folder(order.photos, recipe.resolution, order.base.instance_prompt)
    prior = _prior(order, recipe)
    with packed(base, order.settings(recipe), shard) as pack:
        first = shard is None or shard.rank == 0
        curve = _train(order, pack, recipe, (photos, prior), tell if first else _silent, first)
        return _write(order, pack, recipe, photos, curve, began) if first else None


def load(base: BaseModelSettings) -> BaseModel:
    """The base model. `InvalidJob` when there is none under this name, or it is of another kind."""
    if base.threads:
        torch.set_num_threads(base.threads)
    try:
        return BaseModel.load(base.path, base.device, getattr(torch, base.dtype))
    except (OSError, EngineError, ValueError) as error:
        raise InvalidJob(f"base: {base.path} cannot be loaded: {str(error).splitlines()[0]}") from None


def _prior(order: Order, recipe: Recipe) -> Prior | None:
    if order.regularisation is None:
        return None
    others = read_folder(order.regularisation, recipe.resolution, order.base.class_prompt)
    return Prior(others.pixels, others.captions)


def _silent(_: News) -> None:
    """Only the first of several workers tells."""


def _train(
    order: Order, pack: EnginePack, recipe: Recipe, material: tuple[Photos, Prior | None], tell: Tell, saves: bool
) -> LossCurve:
    (photos, prior), curve, pace = material, LossCurve(), Pace()
    saved = order.out / CHECKPOINT
    state = bytearray(saved.read_bytes()) if saved.exists() else None
    step = pack.join(_JOB, recipe, photos.pixels, photos.captions, state, prior)
    while step < recipe.steps:
        began = time.monotonic()
        stepped = _step(pack)
        step = stepped.step
        curve.add(step, stepped.loss)
        pace.add(time.monotonic() - began)
        tell(News(step, recipe.steps, stepped.loss, pace.seconds_left(recipe.steps - step)))
        if saves and not stepped.done and step % order.checkpoint_steps == 0:
            _replace(saved, pack.checkpoint(_JOB))
    return curve


def _step(pack: EnginePack) -> Stepped:
    try:
        stepped = pack.step()[_JOB]
    except OutOfMemory:
        raise TooLarge() from None
    if not stepped.finite:
        raise LossDiverged()
    return stepped


def _write(order: Order, pack: EnginePack, recipe: Recipe, photos: Photos, curve: LossCurve, began: float) -> Made:
    pictures = _pictures(order, pack, recipe)
    scorer = scorer_for(order.settings(recipe))
    score = scorer.score(photos.pixels, pictures) if scorer and len(pictures) else None
    adapter, report = order.out / ADAPTER, order.out / REPORT
    _replace(adapter, pack.export(_JOB))
    previews = tuple(order.out / f"preview-{number + 1}.png" for number in range(len(pictures)))
    for file, one in zip(previews, pictures, strict=True):
        _replace(file, png(one))
    table = [
        ("Steps", str(recipe.steps)),
        ("Photos", str(len(photos))),
        ("Rank", str(recipe.rank)),
        ("Learning rate", f"{recipe.learning_rate:g}"),
        ("Batch", str(recipe.batch)),
        ("Adapter", f"{adapter.stat().st_size / 1e6:.1f} MB"),
    ]
    shown = curve.glance(8 * MOST_SHOWN)
    _replace(report, render(ReportFacts(shown, score, recipe.min_identity, table, pictures)))
    (order.out / CHECKPOINT).unlink(missing_ok=True)
    return Made(adapter, report, previews, score, recipe.steps, time.monotonic() - began)


def _pictures(order: Order, pack: EnginePack, recipe: Recipe) -> Pixels:
    how = order.preview
    for _ in pack.sample(_JOB, how.prompts, how.steps, how.guidance, recipe.seed):
        pass
    return pack.take_pictures(_JOB)


def _replace(file: Path, data: bytes | bytearray) -> None:
    """Whole or not at all, readable by its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(file.name + ".new")
    new.touch(mode=0o600)
    new.write_bytes(data)
    new.replace(file)
