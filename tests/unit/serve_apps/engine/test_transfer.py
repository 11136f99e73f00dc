"""Copies to the device; on one that shares the host's memory they are plain copies."""

from __future__ import annotations

import torch

from serve_apps.engine.transfer import bring, send


def test_what_was_sent_does_not_follow_its_source() -> None:
    target, source = torch.zeros(2, 3), torch.ones(2)
    send(target[:, 1], source)
    source.zero_()
    assert target.tolist() == [[0, 1, 0], [0, 1, 0]]


def test_what_was_brought_is_there() -> None:
    assert bring(torch.arange(3), torch.device("cpu")).tolist() == [0, 1, 2]
