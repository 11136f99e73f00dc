"""Measuring what a row costs: exact on operations whose cost is known."""

from __future__ import annotations

import torch

from serve_apps.engine.memory import LiveBytes, bytes_per_row


def test_only_what_lives_at_once_counts() -> None:
    with LiveBytes() as counter:
        a = torch.zeros(1000)
        b = a + 1
        del a
        c = b + 1
        del b, c
    assert counter.peak == 2 * 4000
    assert counter.live == 0


def test_views_of_one_storage_count_once() -> None:
    with LiveBytes() as counter:
        a = torch.zeros(10, 100)
        rows = [a[i] for i in range(10)]
        del a
        assert counter.live == 4000
        del rows
    assert counter.live == 0
    assert counter.peak == 4000


def test_what_one_more_row_adds() -> None:
    weight = torch.ones(64, 256)

    def run(rows: int) -> torch.Tensor:
        hidden = torch.ones(rows, 64) @ weight
        return hidden.relu().sum()

    assert bytes_per_row(run) == (64 + 256 + 256) * 4 - 64 * 4
