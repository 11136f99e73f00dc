import pytest
import torch
from torch import nn

from training.demo.loop import LoopConfig, Silent, Trainer, Workers

CONFIG = LoopConfig(steps=30, batch=16, learning_rate=0.05, warmup=5, ema=0.9, checkpoint_every=10)


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.slope = nn.Linear(1, 1)

    def forward(self, x, y):
        return {"loss": (self.slope(x) - y).square().mean()}


class LineStage:
    name = "line"

    def __init__(self):
        torch.manual_seed(0)
        self.objective = Line()

    def batch(self, size, generator):
        x = torch.randn(size, 1, generator=generator)
        return x, 3 * x + 1


class Heard(Silent):
    def __init__(self):
        self.steps = []

    def step(self, stage, step, steps, losses):
        self.steps.append((stage, step, losses["loss"]))


def trainer(folder, progress=None, config=CONFIG):
    return Trainer(LineStage(), config, folder, Workers(), progress or Silent())


def test_it_learns_and_tells(tmp_path):
    heard = Heard()
    average = trainer(tmp_path, heard, LoopConfig(steps=200, batch=16, learning_rate=0.1, ema=0.9)).run()
    assert average.slope.weight.item() == pytest.approx(3, abs=0.1)
    assert [step for _, step, _ in heard.steps] == [50, 100, 150, 200]
    assert heard.steps[-1][2] < heard.steps[0][2] / 10


def test_a_run_that_was_cut_off_ends_as_an_unbroken_one(tmp_path):
    whole = trainer(tmp_path / "whole").run()
    trainer(tmp_path / "cut").run(until=13)
    resumed = trainer(tmp_path / "cut").run()
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_rate_warms_up_stays_and_falls():
    config = LoopConfig(steps=100, batch=1, learning_rate=1.0, warmup=10, decay_from=0.5, floor=0.1)
    assert config.rate(0) == pytest.approx(0.1)
    assert config.rate(20) == config.rate(50) == 1.0
    assert config.rate(100) == pytest.approx(0.1)


def test_a_half_written_checkpoint_is_not_taken_up(tmp_path):
    (tmp_path / "line.part").write_bytes(b"half")
    assert trainer(tmp_path).run(until=10) is not None
    assert not (tmp_path / "line.part").exists()
