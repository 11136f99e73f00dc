"""Several workers together make the adapter that one alone would make."""

import threading

import pytest
import torch

from tests.unit.training.engine.conftest import build
from tests.unit.training.engine.jobs import data, difference, mean_difference, spec
from training.engine.packed import PackConfig, PackedTrainer
from training.engine.sharding import Shard
from training.engine.targets import TargetSet


class Together:
    """Sums tensors of several threads, as a process group does."""

    def __init__(self, count: int) -> None:
        self.barrier = threading.Barrier(count, timeout=120)
        self.given: dict[int, torch.Tensor] = {}

    def shard(self, rank: int) -> Shard:
        def add(tensor: torch.Tensor) -> None:
            self.given[rank] = tensor.clone()
            self.barrier.wait()
            tensor.copy_(torch.stack([self.given[one] for one in sorted(self.given)]).sum(0))
            self.barrier.wait()

        return Shard(rank, self.barrier.parties, add)


def _pack(jobs, shard=None):
    pack = PackedTrainer(build(), PackConfig(slots=len(jobs), rank=8, targets=TargetSet.ALL), shard)
    for id, one in jobs.items():
        pack.join(id, one, data(pack.base, one))
    return pack


def _learn(pack, into, name):
    gradients = pack.gradients()
    for _ in range(6):
        pack.step()
    into[name] = gradients, {id: pack.weights(id) for id in gradients}


@pytest.mark.parametrize("batches", [(4, 4), (1, 3)], ids=["even", "fewer-rows-than-workers"])
def test_two_workers_learn_what_one_does(batches):
    jobs = {f"job{seed}": spec(seed, batch=batch) for seed, batch in enumerate(batches)}
    found, together = {}, Together(2)
    # Built one after the other: their weights come from torch's one generator.
    packs = [_pack(jobs, together.shard(rank)) for rank in range(2)]
    threads = [threading.Thread(target=_learn, args=(pack, found, rank)) for rank, pack in enumerate(packs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _learn(_pack(jobs), found, "alone")
    for id in jobs:
        assert (found[0][0][id] - found["alone"][0][id]).abs().max() <= 1e-5
        assert difference(found[0][1][id], found[1][1][id]) == 0
        assert mean_difference(found[0][1][id], found["alone"][1][id]) < 1e-4


def test_shares_cover_all_rows_once():
    rows = list(range(7))

    class Rows(list):
        def part(self, begin, end):
            return Rows(self[begin:end])

    parts = [Shard(rank, 3, lambda _: None).part(Rows(rows)) for rank in range(3)]
    assert [row for part in parts for row in part] == rows
