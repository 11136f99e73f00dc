import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from training.demo.base import BaseConfig
from training.demo.checker import CheckerConfig
from training.demo.dataset import DatasetConfig
from training.demo.identity import EncoderConfig
from training.demo.loop import LoopConfig, Silent, Trainer, Workers
from training.demo.nets import NetConfig
from training.demo.pretrain import STAGES, PretrainConfig, app, build_stage, pretrain

GOLDEN = Path(__file__).parents[3] / "golden" / "pretrain_losses.json"
PEOPLE = DatasetConfig(people=40, pictures=4, processes=1)
SHORT = LoopConfig(steps=4, batch=8, learning_rate=1e-3, warmup=2, ema=0.9, checkpoint_every=2)
CONFIG = PretrainConfig(
    base_people=PEOPLE,
    encoder_people=replace(PEOPLE, seed=1),
    base=replace(BaseConfig(), channels=(16, 32, 32), text_width=32, text_layers=1, heads=2, groups=8),
    encoder=EncoderConfig(net=NetConfig(outputs=16, widths=(8, 8, 16))),
    checker=CheckerConfig(scene=NetConfig(16, (8, 8, 16)), expression=NetConfig(4, (8, 8, 16), side=40)),
    loops=dict.fromkeys(STAGES, SHORT),
)


class Losses(Silent):
    """Remembers the mean loss that each stage told."""

    def __init__(self):
        self.told = {}

    def step(self, stage, step, steps, losses):
        self.told.setdefault(stage, []).append(losses["loss"])


@pytest.mark.parametrize("name", STAGES)
def test_a_short_run_has_the_stored_losses(name, tmp_path):
    torch.manual_seed(0)
    losses = Losses()
    Trainer(build_stage(name, CONFIG, tmp_path), SHORT, tmp_path, Workers(), losses).run()
    assert losses.told[name] == pytest.approx(json.loads(GOLDEN.read_text())[name], rel=2e-3)


def test_every_stage_runs_through_ray_train_and_goes_on_where_it_was(tmp_path):
    for name in STAGES:
        pretrain(name, CONFIG, tmp_path, workers=0, gpu=False)
        assert torch.load(tmp_path / f"{name}.pt")["step"] == 4
    longer = replace(CONFIG, loops={"checker": replace(SHORT, steps=6)})
    pretrain("checker", longer, tmp_path, workers=0, gpu=False)
    told = [json.loads(line)["step"] for line in (tmp_path / "checker.jsonl").read_text().splitlines()]
    assert told == [4, 6]


def test_a_scaled_plan_keeps_its_proportions():
    whole, part = PretrainConfig(), PretrainConfig().scaled(0.1)
    assert part.loops["base"].steps == whole.loops["base"].steps // 10
    assert part.base_people.people == whole.base_people.people // 10
    assert part.base == whole.base


def test_an_unknown_stage_is_refused_with_the_known_ones():
    answer = CliRunner().invoke(app, ["--stage", "unet"])
    assert answer.exit_code == 2
    assert "no stage unet" in answer.output
    assert "checker" in answer.output
