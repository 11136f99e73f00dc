"""One large job over several workers by data parallelism, on Ray Train.

Each worker runs its share of every step's rows and the gradients are summed (see `engine.sharding`). A worker that is
killed ends the group; Ray Train starts it again, and all go on from the last checkpoint in the order's folder, which
every worker must see (one machine, or a shared file system). The order travels inside the function, not as the loop's
configuration: the dashboard shows that.
"""

import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import ray
import torch.distributed as dist
from ray import train
from ray.exceptions import RayError
from ray.train import FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchConfig, TorchTrainer
from torch import Tensor

from training.engine.sharding import Shard
from training.errors import JobFailed, TrainingError, WorkersLost
from training.operator import Made, News, Order, Tell, make

_POLL_S = 0.3
_KNOCK_S = 10.0


class Listener:
    """An actor that hears how the first worker gets on, for the process that waits."""

    def __init__(self) -> None:
        self._news: News | None = None
        self._outcome: Made | TrainingError | None = None

    def told(self, news: News) -> None:
        self._news = news

    def ended(self, outcome: Made | TrainingError) -> None:
        self._outcome = outcome

    def latest(self) -> News | None:
        return self._news

    def outcome(self) -> Made | TrainingError | None:
        return self._outcome


def make_together(order: Order, workers: int, tell: Tell, failures: int = 3) -> Made:
    """What `operator.make` does, by several workers of the Ray that this process is connected to.

    Raises what `make` raises, and `WorkersLost` when workers were lost more often than `failures`.
    """
    listener: Any = ray.remote(num_cpus=0)(Listener).remote()
    with tempfile.TemporaryDirectory(prefix="training-") as storage, ThreadPoolExecutor(1) as beside:
        # Not on the main thread, where Ray Train's signal handler would keep its controller for ever.
        fitted = beside.submit(_trainer(order, workers, listener, storage, failures).fit)
        last: News | None = None
        while not fitted.done():
            news = ray.get(listener.latest.remote())
            if news is not None and news != last:
                tell(news)
                last = news
            time.sleep(_POLL_S)
        error = fitted.exception()
    outcome: Made | TrainingError | None = ray.get(listener.outcome.remote())
    if isinstance(outcome, TrainingError):
        raise outcome
    if outcome is None:
        raise WorkersLost(f"the workers were lost {failures + 1} times: {type(error).__name__}") from None
    return outcome


def _trainer(order: Order, workers: int, listener: Any, storage: str, failures: int) -> TorchTrainer:
    gpu = order.base.device != "cpu"
    return TorchTrainer(
        partial(work, order, listener),
        torch_config=TorchConfig(backend="nccl" if gpu else "gloo"),
        scaling_config=ScalingConfig(num_workers=workers, use_gpu=gpu),
        run_config=RunConfig(
            name="one-large-training", storage_path=storage, failure_config=FailureConfig(max_failures=failures)
        ),
    )


def work(order: Order, listener: Any) -> None:
    """What every worker runs. A job that cannot be trained ends the group; anything else is tried again."""
    context = train.get_context()
    shard = Shard(context.get_world_rank(), context.get_world_size(), _sum)
    try:
        made = make(order, lambda news: listener.told.remote(news), shard)
    except JobFailed as error:
        ray.get(listener.ended.remote(error))
        return
    if made is not None:
        ray.get(listener.ended.remote(made))


def _sum(tensor: Tensor) -> None:
    dist.all_reduce(tensor)


def on_ray(address: str | None) -> None:
    """Connect this process to the Ray at an address, or start one for itself. `WorkersLost` when there is none."""
    try:
        _knock(address or "")
        ray.init(address, log_to_driver=False, include_dashboard=None if address else False)
    except (OSError, RayError) as error:
        raise WorkersLost(f"there is no Ray at {address}: {error}") from None


def _knock(address: str) -> None:
    """Whether anybody listens there: Ray itself would try for minutes. `OSError` when nobody does."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=_KNOCK_S).close()
