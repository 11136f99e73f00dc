"""What runs in each worker of a group on Ray Train: the base model under a pack, and word to the pool how it does.

Ray Train's own checkpoint holds only the ids of the sealed ones.
"""

import asyncio
import json
import logging
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import ray
import torch
from ray import train

from governance.blobs.s3 import S3BlobStore
from governance.client import GovernanceClient
from governance.config import GovernanceSettings
from governance.holder import Holder
from governance.ids import JobId
from governance.model import HolderKind
from training.active import ActiveJob, Stage
from training.capacity import Beat, Orders
from training.config import TrainingSettings
from training.desk import Desk
from training.device import Device
from training.engine.base import BaseModel
from training.engine_pack import EnginePack
from training.faces import scorer_for
from training.handover import receiver_for
from training.ray_meter import RayMeter
from training.scoring import Scorer
from training.worker import Worker

_LOG = logging.getLogger(__name__)
_BEAT_S = 0.5


def work(config: Mapping[str, Any]) -> None:
    """The whole life of a worker. `config`: the group's name, its region, and the training settings."""
    settings = TrainingSettings.model_validate(config["training"])
    worker = settings.worker.model_copy(update={"region": config["region"]})
    asyncio.run(_work(settings.model_copy(update={"worker": worker}), config["group"]))


async def _work(settings: TrainingSettings, group: str) -> None:
    context = train.get_context()
    pool = ray.get_actor(settings.pool.name, settings.pool.namespace)
    name = f"{group}-{context.get_world_rank()}-{ray.get_runtime_context().get_actor_id()[:8]}"
    device = Device(settings.base.threads)
    # Beside it governance is found and a lease taken.
    loading = asyncio.create_task(device.run(load_parts, settings))
    governance = GovernanceClient.connect()
    known: GovernanceSettings = await pool.governance_settings.remote()
    holder = await Holder.open(
        governance, S3BlobStore(known.blobs), kind=HolderKind.TRAINER, region=settings.worker.region
    )
    try:
        pack, scorer = await loading
        desk = Desk(name, governance, holder, pack, device, scorer, RayMeter(name), settings, receiver_for(settings))
        await _run(desk, group, pool, notes=context.get_world_size() == 1)
    finally:
        await holder.close()
        device.close()


def load_parts(settings: TrainingSettings) -> tuple[EnginePack, Scorer | None]:
    """The pack, and what scores the finished models."""
    return load_pack(settings), scorer_for(settings)


def load_pack(settings: TrainingSettings) -> EnginePack:
    """The base model, loaded by diffusers, under an empty pack."""
    base = BaseModel.load(settings.base.path, settings.base.device, getattr(torch, settings.base.dtype))
    return EnginePack(base, settings)


async def _run(desk: Desk, group: str, pool: Any, notes: bool) -> None:
    leave = asyncio.Event()
    told = Told(pool, desk, group)
    worker = Worker(desk, told.workers)
    beats = asyncio.create_task(told.keep(worker, leave, notes))
    try:
        await worker.run(leave)
    finally:
        beats.cancel()
        await asyncio.gather(beats, return_exceptions=True)
        pool.left.remote(desk.name)


class Told:
    """Tells the pool how the worker does, and hears what to do."""

    def __init__(self, pool: Any, desk: Desk, group: str) -> None:
        self._pool, self._desk = pool, desk
        self._who = (desk.name, group, desk.settings.worker.region)
        self._orders = Orders(False, 1)
        self._noted: list[str] = []

    async def workers(self) -> int:
        """How many workers share the queue."""
        return self._orders.workers

    async def keep(self, worker: Worker, leave: asyncio.Event, notes: bool) -> None:
        """Until cancelled. A pool that does not answer (it restarts) is asked again."""
        while True:
            beat = Beat(*self._who, *outlook(worker.jobs, self._desk))
            try:
                self._orders = await asyncio.wait_for(_answer(self._pool.beat.remote(beat)), 5.0)
            except (ray.exceptions.RayError, TimeoutError):
                _LOG.info("the pool does not answer; %s goes on", beat.worker)
            if self._orders.leave or await asyncio.to_thread(preempted):
                leave.set()
            if notes:
                await self._note(worker)
            await asyncio.sleep(_BEAT_S)

    async def _note(self, worker: Worker) -> None:
        """Ray Train's own checkpoint: the ids of the sealed ones, whenever they change."""
        ids = sorted(job.checkpoints.newest for job in worker.jobs if job.checkpoints and job.checkpoints.newest)
        if ids != self._noted:
            self._noted = list(ids)
            await asyncio.to_thread(report_ids, ids, len(worker.jobs))


async def _answer(reference: Any) -> Orders:
    orders: Orders = await reference
    return orders


def outlook(jobs: tuple[ActiveJob, ...], desk: Desk) -> tuple[tuple[float, ...], tuple[tuple[JobId, float], ...]]:
    """Seconds left of each job, by its estimate until it has made steps; and how long those with steps take in all."""
    now = monotonic()
    known = {job.id: job.seconds_left(desk.finish_s) for job in jobs}
    left = tuple(desk.settings.cost.gpu_seconds(job.recipe) if known[job.id] is None else known[job.id] for job in jobs)
    whole = tuple(
        (job.id, now - job.began_s + seconds)
        for job in jobs
        if (seconds := known[job.id]) is not None and job.stage is Stage.TRAINING and job.attempt == 1
    )
    return tuple(one or 0.0 for one in left), whole


def preempted() -> bool:
    """This worker's node is about to be taken away."""
    return train.get_preemption_info() is not None


def report_ids(ids: Sequence[str], jobs: int) -> None:
    """Hand Ray Train a checkpoint of ids."""
    folder = Path(tempfile.mkdtemp(prefix="pool-"))
    try:
        (folder / "ids.json").write_text(json.dumps(list(ids)))
        train.report({"jobs": jobs}, checkpoint=train.Checkpoint.from_directory(str(folder)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
