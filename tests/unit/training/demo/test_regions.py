import torch

from training.demo.regions import RegionWeights, weight_map

WEIGHTS = RegionWeights(background=1.0, face=2.0, eyes=3.0, mouth=4.0)


def test_each_place_has_the_weight_of_its_region():
    (plain,) = weight_map(torch.tensor([[0.0, 0.0, 1.0]]), 64, WEIGHTS)
    assert plain[2, 2] == 1.0
    assert plain[48, 20] == 2.0
    assert plain[29, 25] == 3.0
    assert plain[41, 32] == 4.0


def test_regions_move_with_the_face_and_scale_with_the_map():
    boxes = torch.tensor([[8.0, 0.0, 1.0]])
    (moved,) = weight_map(boxes, 64, WEIGHTS)
    (plain,) = weight_map(torch.tensor([[0.0, 0.0, 1.0]]), 64, WEIGHTS)
    assert torch.equal(moved[:, 8:], plain[:, :-8])
    assert weight_map(boxes, 16, WEIGHTS).shape == (1, 16, 16)
