"""Fine-tunes on people's photos with the pool's own pack and recipes, and pictures what was learned."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.quality.cast import Subject
from governance.ids import JobId
from training.config import BaseModelSettings, TrainingSettings, WorkerSettings
from training.engine.base import BaseModel
from training.engine_pack import EnginePack, packed
from training.evaluation import Pixels
from training.jobs import Recipe


@dataclass(frozen=True, slots=True)
class Sampling:
    """How every picture of a measurement is made."""

    steps: int = 25
    guidance: float = 3.0


@dataclass(frozen=True, slots=True)
class Learned:
    """Pictures (prompts, 64, 64, 3) before and after, and the seconds that the learning took."""

    before: Pixels
    after: Pixels
    seconds: float


def settings(source: str, recipe: Recipe, slots: int) -> TrainingSettings:
    worker = WorkerSettings(slots=slots, max_rank=recipe.rank, targets=recipe.targets, text_encoder=recipe.text_encoder)
    return TrainingSettings(base=BaseModelSettings(path=source), worker=worker)


def learn(base: BaseModel, source: str, subjects: Sequence[Subject], recipe: Recipe, how: Sampling) -> list[Learned]:
    """All of them in one pack; `seconds` is each one's share of the time."""
    with packed(base, settings(source, recipe, len(subjects))) as pack:
        ids = [JobId(f"job_{subject.seed}") for subject in subjects]
        started = time.perf_counter()
        for id, subject in zip(ids, subjects, strict=True):
            own = recipe.with_params({"seed": subject.seed, "resolution": pack.side})
            pack.join(id, own, subject.album, subject.captions)
        # The first weights of an adapter change nothing: these are the base model's pictures.
        waited = time.perf_counter()
        before = [_pictures(pack, id, subject, how) for id, subject in zip(ids, subjects, strict=True)]
        started += time.perf_counter() - waited
        for _ in range(recipe.steps):
            pack.step()
        seconds = (time.perf_counter() - started) / len(subjects)
        after = [_pictures(pack, id, subject, how) for id, subject in zip(ids, subjects, strict=True)]
    return [Learned(*each, seconds) for each in zip(before, after, strict=True)]


def _pictures(pack: EnginePack, id: JobId, subject: Subject, how: Sampling) -> Pixels:
    for _ in pack.sample(id, subject.prompts, how.steps, how.guidance, seed=subject.seed):
        pass
    return pack.take_pictures(id)
