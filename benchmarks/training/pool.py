"""Through the pool: what Ray costs a step, what starting costs a job, and how soon the first picture is there."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from functools import partial

import numpy as np
import torch
from ray.train import RunConfig, ScalingConfig
from ray.train.v2.api.data_parallel_trainer import DataParallelTrainer

from benchmarks.generation.bases import load
from benchmarks.generation.requests import GUIDANCE, config_for
from benchmarks.training.engine import Fields
from benchmarks.training.parts import Part
from benchmarks.training.pooled import Pooled, Watch, pool_settings, pooled
from governance.ids import JobId
from governance.model import Job, Kind, NewArtifact, NewRun, Purpose
from serve_apps.config import ImageSettings
from serve_apps.engine.config import Execution
from serve_apps.engine.engine import Engine
from serve_apps.engine.model import Sampler
from serve_apps.generator.adapters import AdapterGate
from serve_apps.generator.service import Generator
from serve_apps.generator.wire import Finished, Order
from training.config import TrainingSettings
from training.demo.photos import photos
from training.engine.base import BaseModel
from training.engine_pack import EnginePack
from training.jobs import Param
from training.presets import recipe_for

_SMALL: dict[str, Param] = {"steps": 5, "batch": 1, "rank": 8}
_RUNS = 2
_PICTURES = 3
_WARM_STEPS = 10


def through_the_pool(jobs: int, steps: int, small_jobs: int, threads: int, part: Part) -> Fields:
    """All fields that need Ray."""
    return asyncio.run(_measure(jobs, steps, small_jobs, pool_settings(threads), part))


async def _measure(jobs: int, steps: int, small_jobs: int, settings: TrainingSettings, part: Part) -> Fields:
    bare = Bare(settings)
    async with pooled(settings) as on:
        with part("startup"):
            fields = await _startup(on, bare, settings, small_jobs)
        with part("overhead"):
            fields |= await _overhead(on, bare, jobs, steps)
        with part("first_image"):
            return fields | await _first_image(on)


class Bare:
    """The same work by the engine alone, in this process."""

    def __init__(self, settings: TrainingSettings) -> None:
        self._settings = settings
        if settings.base.threads:
            torch.set_num_threads(settings.base.threads)
        self._base = BaseModel.load(settings.base.path)

    def run(self, jobs: int, params: dict[str, Param]) -> tuple[float, float]:
        """Seconds of all of it (packs of as many as the pool's have), and of one step of the last pack once warm."""
        began, slots, step_s = time.perf_counter(), self._settings.worker.slots, 0.0
        for first in range(0, jobs, slots):
            step_s = self._pack(range(first, min(jobs, first + slots)), params)
        return time.perf_counter() - began, step_s

    def _pack(self, numbers: range, params: dict[str, Param]) -> float:
        pack = EnginePack(self._base, self._settings)
        ids = [join(pack, self._settings, number, params) for number in numbers]
        taken = []
        for _ in range(int(params["steps"])):
            began = time.perf_counter()
            pack.step()
            taken.append(time.perf_counter() - began)
        how = self._settings.preview
        for id in ids:
            for _ in pack.sample(id, how.prompts, how.steps, how.guidance, 1):
                pass
            pack.take_pictures(id)
            pack.export(id)
        pack.trainer.close()
        return statistics.fmean(taken[_WARM_STEPS:] or taken)


def join(pack: EnginePack, settings: TrainingSettings, number: int, params: dict[str, Param]) -> JobId:
    """The photos that a job of this number has in the pool."""
    taken = photos(number, 4)
    recipe = recipe_for(settings.base.family, "balanced", {**params, "resolution": pack.side, "seed": number + 1})
    id = JobId(f"job_{number:032x}")
    pack.join(id, recipe, np.stack([np.asarray(one.image) for one in taken]), [one.caption for one in taken])
    return id


async def _startup(on: Pooled, bare: Bare, settings: TrainingSettings, jobs: int) -> Fields:
    """Seconds that a small job pays beside its own work: in a pool that was cold, and as a Ray Train run of its own."""
    begun = [await on.enqueue(number, _SMALL) for number in range(jobs)]
    began = time.perf_counter()
    await on.all_end(begun)
    together_s = time.perf_counter() - began
    own_s, _ = await asyncio.to_thread(bare.run, jobs, _SMALL)
    runs = [await _single_run(settings) for _ in range(_RUNS)]
    one_s, _ = await asyncio.to_thread(bare.run, 1, _SMALL)
    amortised, single = (together_s - own_s) / jobs, statistics.fmean(runs) - one_s
    return {
        "startup_jobs": float(jobs),
        "startup_amortised_s": amortised,
        "startup_single_run_s": single,
        "startup_times_cheaper": single / amortised if amortised > 0 else None,
    }


async def _single_run(settings: TrainingSettings) -> float:
    """One small job as one Ray Train run, from the call to its return; not on the main thread (see `group.fit`)."""
    with ThreadPoolExecutor(1) as beside, tempfile.TemporaryDirectory() as storage:
        trainer = DataParallelTrainer(
            partial(_one_job, settings),
            scaling_config=ScalingConfig(num_workers=1, resources_per_worker={"CPU": 1}),
            run_config=RunConfig(name="alone", storage_path=storage),
        )
        began = time.perf_counter()
        await asyncio.get_running_loop().run_in_executor(beside, trainer.fit)
        return time.perf_counter() - began


def _one_job(settings: TrainingSettings) -> None:
    Bare(settings).run(1, _SMALL)


async def _overhead(on: Pooled, bare: Bare, jobs: int, steps: int) -> Fields:
    """Seconds of a packed step in the pool over those of the bare engine, which takes its turns before and after."""
    params: dict[str, Param] = {"steps": steps, "batch": 1, "rank": 16}
    _, before = await asyncio.to_thread(bare.run, jobs, params)
    begun = [await on.enqueue(100 + number, {**params, "steps": 2 * steps}) for number in range(jobs)]
    watch = Watch(on, begun[-1])
    await watch.until(_WARM_STEPS)
    watch.seen.clear()
    await watch.until(2 * steps - _WARM_STEPS)
    await on.all_end(begun)
    _, after = await asyncio.to_thread(bare.run, jobs, params)
    (first_s, first), (last_s, last) = watch.seen[0], watch.seen[-1]
    pooled_s = (last_s - first_s) / (last - first)
    alone_s = (before + after) / 2
    return {
        "ray_overhead_pct": (pooled_s / alone_s - 1) * 100,
        "step_ms_pool": pooled_s * 1000,
        "step_ms_engine": alone_s * 1000,
        "step_ms_engine_before_after": f"{before * 1000:.1f} {after * 1000:.1f}",
    }


async def _first_image(on: Pooled) -> Fields:
    """From the moment a training has succeeded to the first picture by its adapter, stored: fetched from storage when
    the picture is ordered, and handed over before. Beside a picture by an adapter that is resident."""
    subject = load("demo", "cpu", torch.float32, 16)
    gate = AdapterGate(on.holder)
    # Open for every layer: the demo's adapters reach all of them.
    config = config_for(subject, 2, Execution.EAGER, exact_pictures=False, targets=())
    engine = Engine(subject.copy(), config, gate.fetch, gate.released)
    gate.connect(engine)
    engine.start()
    generator = Generator(engine, on.holder)
    try:
        (warm,) = await on.all_end([await on.enqueue(200, _SMALL)])
        await _picture(on, generator, warm)
        one_s = statistics.median([await _picture(on, generator, warm) for _ in range(_PICTURES)])
        fresh = await on.all_end([await on.enqueue(300 + number, _SMALL) for number in range(_PICTURES)])
        first_s = statistics.median([await _picture(on, generator, job) for job in fresh])
        handed = await on.all_end([await on.enqueue(400 + number, _SMALL) for number in range(_PICTURES)])
        hand_over_s = statistics.median([await _hand_over(on, gate, job) for job in handed])
        handed_s = statistics.median([await _picture(on, generator, job) for job in handed])
    finally:
        await asyncio.to_thread(engine.close)
    return {
        "trained_to_first_image_s": first_s,
        "hand_over_s": hand_over_s,
        "handed_over_to_first_image_s": handed_s,
        "one_inference_s": one_s,
    }


async def _hand_over(on: Pooled, gate: AdapterGate, job: Job) -> float:
    """Seconds that a replica takes in sealed bytes as a trainer has them in hand when it has stored them."""
    assert job.result is not None
    grant = await on.governance.grant(job.result, Purpose.GENERATION, on.holder.id)
    sealed = await on.store.get(grant.artifact.location, grant.version_id)
    began = time.perf_counter()
    assert await gate.receive(job.result, sealed), "nobody has fetched it yet"
    return time.perf_counter() - began


async def _picture(on: Pooled, generator: Generator, job: Job) -> float:
    assert job.result is not None
    began = time.perf_counter()
    prompt = await on.holder.write(NewArtifact(Kind.PROMPT, (job.owner,), Purpose.GENERATION), b"a portrait")
    run = await on.governance.start_run(NewRun(Purpose.GENERATION, (job.owner,), (job.result, prompt.id)))
    order = Order(
        subject=job.owner, run=run.id, prompt_artifact=prompt.id, adapter=job.result, prompt="a photo of sks person",
        negative_prompt="", images=1, width=64, height=64, steps=ImageSettings().default_steps, guidance=GUIDANCE,
        seed=1, sampler=Sampler.DDIM, partial_images=0, deadline_s=600.0,
    )  # fmt: skip
    made = 0
    async with aclosing(generator.generate(order)) as events:
        async for event in events:
            made += isinstance(event, Finished)
    assert made == 1, "the picture must come"
    return time.perf_counter() - began
