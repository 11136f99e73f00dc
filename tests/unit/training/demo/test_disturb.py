import torch

from training.demo.disturb import disturb


def test_pictures_are_changed_a_little_and_the_same_way_again():
    images = torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(1)).mul(2).sub(1)
    one = disturb(images, torch.Generator().manual_seed(2))
    other = disturb(images, torch.Generator().manual_seed(2))
    assert torch.equal(one, other)
    assert one.shape == images.shape
    flat = torch.zeros(6, 3, 32, 32)
    changed = (disturb(flat, torch.Generator().manual_seed(2)) - flat).abs().mean()
    assert 0.005 < changed < 0.2
