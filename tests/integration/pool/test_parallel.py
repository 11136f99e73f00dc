"""One job over two workers on Ray Train: the adapter that one worker makes, also when a worker is killed on the way."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
import pytest
import ray

from tests.integration.pool.tiny import photo
from training.config import BaseModelSettings, PreviewSettings
from training.errors import WorkersLost
from training.operator import CHECKPOINT, News, Order, make
from training.parallel import make_together, on_ray

pytestmark = [pytest.mark.ray, pytest.mark.driver, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def own_ray() -> Iterator[None]:
    with TemporaryDirectory(prefix="ray-", dir="/tmp") as own:
        ray.init(
            num_cpus=4,
            include_dashboard=False,
            log_to_driver=False,
            object_store_memory=100_000_000,
            _temp_dir=own,
        )
        yield
        ray.shutdown()


@pytest.fixture
def order(tiny_base: Path, tmp_path: Path) -> Order:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(3):
        (photos / f"{number}.png").write_bytes(photo(number))
    base = BaseModelSettings(path=str(tiny_base), threads=1)
    params = {"steps": 120, "rank": 4, "batch": 4, "learning_rate": 0.0005}
    preview = PreviewSettings(prompts=("a b",), steps=2)
    return Order(photos, tmp_path / "out", base, params=params, preview=preview, checkpoint_steps=10)


def _floats(file: Path) -> np.ndarray:
    data = file.read_bytes()
    return np.frombuffer(data[8 + int.from_bytes(data[:8], "little") :], np.float32)


def test_a_ray_that_is_not_there_is_named() -> None:
    with pytest.raises(WorkersLost, match=r"there is no Ray at 127\.0\.0\.1:1"):
        on_ray("127.0.0.1:1")


@pytest.mark.usefixtures("own_ray")
def test_two_workers_make_what_one_does_and_survive_a_kill(order: Order, tmp_path: Path) -> None:
    seen: list[News] = []
    killed: list[int] = []

    def tell(news: News) -> None:
        seen.append(news)
        if not killed and (order.out / CHECKPOINT).exists():
            killed.append(_kill_a_worker())

    together = make_together(order, 2, tell)
    alone = make(Order(order.photos, tmp_path / "alone", order.base, params=order.params), lambda _: None)
    assert alone is not None
    assert killed
    assert together.steps == seen[-1].steps == 120
    difference = np.abs(_floats(together.adapter) - _floats(alone.adapter))
    assert difference.mean() < 1e-5
    assert not (order.out / CHECKPOINT).exists()


def _kill_a_worker() -> int:
    """SIGKILL to one of the group's workers; its process id."""
    found = [
        process.pid
        for process in psutil.Process().children(recursive=True)
        if "RayTrainWorker" in " ".join(process.cmdline())
    ]
    os.kill(found[0], signal.SIGKILL)
    return found[0]
