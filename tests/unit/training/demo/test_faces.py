"""What runs without torch finds the faces, and agrees with torch."""

import numpy as np
import pytest
import torch
from PIL import Image

from training.demo import identity
from training.demo.faces import ENCODED_SIDE, FinderConfig, face_encoder, face_finder
from training.demo.finder import FinderNet
from training.demo.forward import read_tensors
from training.demo.vae import to_tensor
from training.demo.weights import FINDER, megabytes


@pytest.fixture(scope="module")
def finder():
    return face_finder()


def test_one_face_is_found_in_every_portrait(finder, drawn):
    assert megabytes(FINDER) < 1
    for picture, (x, y, scale) in zip(drawn.images, drawn.boxes, strict=True):
        [(left, top, side)] = finder.find(picture)
        assert abs(left - (32 + x)) < 5
        assert abs(top - (33.5 + y)) < 5
        assert side == pytest.approx(34 * scale, rel=0.2)


def test_each_of_several_is_found_where_it_is(finder, drawn):
    both = np.concatenate([drawn.images[0], drawn.images[9]], axis=1)
    found = finder.find(both)
    assert sorted(round(float(x) / 64 - 0.5) for x, _, _ in found) == [0, 1]


def test_size_follows_the_picture(finder, drawn):
    large = np.asarray(Image.fromarray(drawn.images[3]).resize((640, 640), Image.Resampling.NEAREST))
    [(x, _, side)] = finder.find(large)
    [(small_x, _, small_side)] = finder.find(drawn.images[3])
    assert x / small_x == pytest.approx(10, rel=0.15)
    assert side / small_side == pytest.approx(10, rel=0.15)


def test_no_face_is_found_where_none_is(finder, drawn):
    rng = np.random.default_rng(0)
    empty = [np.full((64, 90, 3), shade, np.uint8) for shade in (0, 128, 255)]
    empty += [rng.integers(0, 256, (48, 48, 3)).astype(np.uint8) for _ in range(10)]
    empty += [np.ascontiguousarray(picture[50:]) for picture in drawn.images[:4]]
    assert all(len(finder.find(picture)) == 0 for picture in empty)


def test_its_maps_are_those_of_the_network_that_was_trained(finder, drawn):
    net = FinderNet(FinderConfig())
    net.load_state_dict({name: torch.from_numpy(value) for name, value in read_tensors(FINDER).items()})
    square = np.array(Image.fromarray(drawn.images[5]).resize((96, 96)))
    with torch.no_grad():
        known = net(to_tensor(square[None]))[0].permute(1, 2, 0).numpy()
    assert np.abs(finder.maps(square) - known).max() < 1e-3


def test_its_vectors_are_those_of_the_encoder_that_was_trained(drawn):
    assert drawn.images.shape[1:3] == (ENCODED_SIDE, ENCODED_SIDE)
    mine, known = face_encoder().embed(drawn.images[:8]), identity.face_encoder().embed(drawn.images[:8])
    assert np.abs(mine - known).max() < 1e-4


def test_larger_pictures_are_brought_to_the_encoders_size(drawn):
    large = np.stack([np.asarray(Image.fromarray(each).resize((160, 160))) for each in drawn.images[:4]])
    cosines = (face_encoder().embed(large) * identity.face_encoder().embed(large)).sum(axis=1)
    assert cosines.min() > 0.99
