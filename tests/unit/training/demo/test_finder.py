import numpy as np
import pytest
import torch

from training.demo.crowds import Crowd
from training.demo.faces import FinderConfig
from training.demo.finder import FinderStage, targets

CONFIG = FinderConfig()


def test_the_map_says_one_where_a_face_is():
    heat, sizes = targets(Crowd(np.zeros((96, 96, 3), np.uint8), np.asarray([(20, 70, 48)], np.float32)), CONFIG)
    assert (heat == 1).nonzero().tolist() == [[8, 2]]
    assert float(sizes[8, 2]) == pytest.approx(np.log(0.5))
    assert heat[8, 3] > heat[8, 6] > heat[0, 11]


def test_the_loss_falls(drawn):
    torch.manual_seed(0)
    stage = FinderStage(drawn, CONFIG)
    optimizer = torch.optim.AdamW(stage.objective.parameters(), 3e-3)
    batch, losses = stage.batch(8, torch.Generator().manual_seed(0)), []
    for _ in range(25):
        loss = stage.objective(*batch)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.6 * losses[0]
