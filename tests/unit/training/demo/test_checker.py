import numpy as np
import torch

from training.demo.checker import CheckerConfig, CheckerStage, attribute_checker
from training.demo.weights import EXPRESSION_CHECKER, SCENE_CHECKER, megabytes


def test_the_shipped_checker_reads_what_renders_show(drawn):
    assert megabytes(SCENE_CHECKER) + megabytes(EXPRESSION_CHECKER) < 1
    assert (attribute_checker().read(drawn.images) == drawn.labels).mean() > 0.99


def test_it_does_not_read_expressions_where_there_is_no_face(drawn):
    blank = drawn.images.copy()
    blank[:, 12:52, 12:52] = 128
    right = attribute_checker().read(blank)[:, 2] == drawn.labels[:, 2]
    assert np.mean(right) < 0.6


def test_the_losses_count_all_three(drawn):
    torch.manual_seed(0)
    stage = CheckerStage(drawn, CheckerConfig())
    losses = stage.objective(*stage.batch(16, torch.Generator().manual_seed(0)))
    assert 4 < float(losses["loss"]) < 8
    assert 0 <= float(losses["right"]) <= 1
