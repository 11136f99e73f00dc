"""Slots and rows of one module: every batch of slots computes what its adapters compute alone, whatever came before."""

from __future__ import annotations

import random

import pytest
import torch
from torch import Tensor, nn

from serve_apps.engine.rowstack import RowStack

RANKS = (2, 4)
SLOTS, ROWS = 3, 5
REACHED = [("to_q",), ("other",), ("to_q", "other"), ("to_k", "to_v"), ("to_q", "to_k", "to_v", "other")]


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.to_q, self.to_k, self.to_v, self.other = (nn.Linear(6, 6) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        return self.other(torch.tanh(self.to_q(x) + self.to_k(x) * self.to_v(x)))


class Bench:
    """A stack and what its slots should hold, so that any batch can be checked by hand."""

    def __init__(self, *, skip_unused: bool = True) -> None:
        self.plain = Small().requires_grad_(False)
        module = Small().requires_grad_(False)
        module.load_state_dict(self.plain.state_dict())
        self.module = module
        self.stack = RowStack(module, (), RANKS, SLOTS, ROWS, skip_unused=skip_unused)
        self.held: dict[int, dict[str, tuple[Tensor, Tensor]]] = {}

    def load(self, slot: int, seed: int, paths: tuple[str, ...] = ("to_q", "other")) -> None:
        rank, _ = self.stack.place_of(slot)
        generator = torch.Generator().manual_seed(seed)
        layers = {
            p: (torch.randn(rank, 6, generator=generator), torch.randn(6, rank, generator=generator)) for p in paths
        }
        layout = self.stack.layouts[rank]
        flat = torch.zeros(layout.extent_of(paths))
        layout.write(flat, {path: (a, b, 1.0) for path, (a, b) in layers.items()})
        self.stack.load(slot, flat, frozenset(paths))
        self.held[slot] = layers

    def evict(self, slot: int) -> None:
        self.stack.evict(slot)
        self.held.pop(slot, None)

    @torch.inference_mode()
    def difference(self, slots: list[int]) -> float:
        x = torch.randn(len(slots), 3, 6)
        self.stack.choose(slots)
        y = self.module(x)
        expected = torch.stack([self.alone(slot, x[row]) for row, slot in enumerate(slots)])
        return float((y - expected).abs().max())

    def alone(self, slot: int, x: Tensor) -> Tensor:
        def layer(path: str, x: Tensor) -> Tensor:
            base = self.plain.get_submodule(path)(x)
            a, b = self.held.get(slot, {}).get(path, (torch.zeros(1, 6), torch.zeros(6, 1)))
            return base + x @ a.T @ b.T

        return layer("other", torch.tanh(layer("to_q", x) + layer("to_k", x) * layer("to_v", x)))


def test_slots_are_numbered_through_the_rank_buckets() -> None:
    stack = Bench().stack
    assert stack.slots_of(2) == range(1, 4)
    assert stack.slots_of(4) == range(4, 7)
    assert [stack.place_of(slot) for slot in (1, 3, 4, 6)] == [(2, 0), (2, 2), (4, 0), (4, 2)]


@pytest.mark.parametrize("skip_unused", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_random_loads_evictions_and_batches(seed: int, skip_unused: bool) -> None:
    torch.manual_seed(seed)
    rng, bench = random.Random(seed), Bench(skip_unused=skip_unused)
    for turn in range(150):
        slot = rng.randrange(1, 7)
        if slot in bench.held and rng.random() < 0.5:
            bench.evict(slot)
        elif slot not in bench.held:
            bench.load(slot, turn, rng.choice(REACHED))
        slots = [rng.choice([0, *bench.held]) for _ in range(rng.randrange(1, ROWS + 1))]
        assert bench.difference(slots) < 1e-4


def test_an_adapter_that_does_not_reach_the_module_leaves_no_trace() -> None:
    """The next adapter in the same slot must not be taken for the one before."""
    bench = Bench()
    bench.stack.choose([1])
    bench.stack.evict(1)
    bench.load(1, seed=7)
    assert bench.difference([1]) < 1e-4


def test_unchanged_rows_are_not_copied_again() -> None:
    bench = Bench()
    bench.load(1, seed=1)
    bench.load(2, seed=2)
    bench.stack.choose([1, 2, 1])
    copies = bench.stack.row_copies
    bench.stack.choose([1, 2, 1])
    assert bench.stack.row_copies == copies == 3
    bench.stack.choose([1, 2, 2])
    assert bench.stack.row_copies == copies + 1


def test_layers_nobody_uses_are_skipped_only_where_allowed() -> None:
    for skip, expected in ((True, [False, True]), (False, [True, True])):
        bench = Bench(skip_unused=skip)
        bench.load(1, seed=1, paths=("other",))
        bench.stack.choose([1])
        layers = [bench.module.to_q, bench.module.other]
        assert [layer.a_rki is not None for layer in layers] == expected


def test_eviction_zeroes_the_slot_and_every_row() -> None:
    bench = Bench()
    bench.load(1, seed=1)
    bench.load(4, seed=2)
    bench.stack.choose([1, 4, 1])
    bench.stack.choose([1])
    bench.evict(1)
    bench.evict(4)
    buffers = [*bench.stack._pool.values(), *bench.stack._rows.values()]
    assert len(buffers) == 4
    assert not any(buffer.any() for buffer in buffers)


def test_addresses_never_change() -> None:
    bench = Bench(skip_unused=False)
    bench.stack.open(2)
    bench.stack.choose([0])
    before = bench.module.to_q.a_rki.data_ptr()
    for seed in range(5):
        bench.load(1, seed)
        bench.stack.choose([1, 1])
        assert bench.module.to_q.a_rki.data_ptr() == before
        bench.evict(1)


def test_buckets_nobody_uses_take_no_memory() -> None:
    bench = Bench()
    assert bench.stack.bytes == 0
    bench.load(4, seed=0)
    assert bench.stack.bytes == (SLOTS + ROWS) * bench.stack.layouts[4].length * 4
