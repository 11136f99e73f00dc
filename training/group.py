"""One worker group on Ray Train: how it is started, and where what its workers run is found.

What travels in the loop's configuration is shown on the dashboard: settings, a region and a group's name.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ray.train import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
from ray.train.v2._internal.callbacks.datasets import DatasetsCallback
from ray.train.v2._internal.execution.callback import RayTrainCallback
from ray.train.v2.api.data_parallel_trainer import DataParallelTrainer

from training.config import TrainingSettings
from training.loading import load


@dataclass(frozen=True, slots=True)
class GroupName:
    """A group's name and region; its Ray Train run has the same name."""

    name: str
    region: str


class GroupTrainer(DataParallelTrainer):
    """Ray Train without Ray Data, for which it starts a process in each group, just while the model is being loaded;
    albums come through the gate, so that nobody would ever ask it for anything."""

    def _create_default_callbacks(self) -> list[RayTrainCallback]:
        return [each for each in super()._create_default_callbacks() if not isinstance(each, DatasetsCallback)]


def trainer(group: GroupName, settings: TrainingSettings) -> GroupTrainer:
    """The Ray Train run of one group. Workers are independent of each other: no process group is made."""
    pool = settings.pool
    selector = dict(pool.label_selector)
    if pool.region_label:
        selector[pool.region_label] = group.region
    scaling = ScalingConfig(
        num_workers=pool.workers_per_group,
        use_gpu=pool.gpus > 0,
        resources_per_worker={"CPU": pool.cpus, **({"GPU": pool.gpus} if pool.gpus else {})},
        label_selector=selector or None,
    )
    run = RunConfig(
        name=group.name,
        storage_path=str(pool.storage.expanduser().resolve()),
        failure_config=FailureConfig(max_failures=pool.failures_per_run),
        checkpoint_config=CheckpointConfig(num_to_keep=1),
        worker_runtime_env={"env_vars": pool.group_environment()},
    )
    config = {"group": group.name, "region": group.region, "training": settings.model_dump(mode="json")}
    return GroupTrainer(work, train_loop_config=config, scaling_config=scaling, run_config=run)


def fit(group: GroupName, settings: TrainingSettings) -> None:
    """Start the group and wait until its workers have left; not on a process's main thread. Raises Ray Train's
    errors. Its folder goes with it: nothing in there is needed again."""
    try:
        trainer(group, settings).fit()
    finally:
        shutil.rmtree(settings.pool.storage.expanduser() / group.name, ignore_errors=True)


def work(config: Mapping[str, Any]) -> None:
    """What Ray Train runs in every worker. Loaded there alone: the pool, which starts groups, needs no model."""
    load("training.member").work(config)
