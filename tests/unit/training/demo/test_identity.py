import numpy as np
import pytest
import torch

from training.demo.dataset import DatasetConfig, draw
from training.demo.identity import EncoderConfig, EncoderStage, face_encoder, likeness, traits_of
from training.demo.nets import NetConfig
from training.demo.photos import photos
from training.demo.seeds import VALIDATION
from training.demo.weights import ENCODER, megabytes
from training.evaluation import centres, rank1


def test_the_shipped_encoder_is_small_and_tells_a_hundred_people_apart():
    assert megabytes(ENCODER) < 4
    drawn = draw(VALIDATION, DatasetConfig(people=100, pictures=6, seed=9, processes=1))
    vectors = face_encoder().embed(drawn.images)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    each = vectors.reshape(100, 6, -1)
    gallery = centres(each[:, :4].reshape(400, -1), 100)
    assert rank1(each[:, 4:].reshape(200, -1), np.repeat(np.arange(100), 2), gallery) >= 0.98


def test_larger_pictures_are_brought_to_its_size():
    encoder, (photo,) = face_encoder(), photos(VALIDATION.seed(3), 1)
    small, large = (np.asarray(photo.image.resize((side, side)))[None] for side in (64, 192))
    assert float((encoder.embed(small) @ encoder.embed(large).T).item()) > 0.9


def test_likeness_is_high_for_oneself_and_low_for_another():
    mine, other = (np.stack([np.asarray(p.image) for p in photos(VALIDATION.seed(n), 4)]) for n in (0, 1))
    assert min(likeness(mine, mine)) > 0.7
    assert max(likeness(other, mine)) < 0.6


def test_a_batch_has_several_pictures_of_each_person(drawn):
    torch.manual_seed(0)
    stage = EncoderStage(drawn, EncoderConfig(net=NetConfig(outputs=16, widths=(8, 8, 16))))
    images, owners, traits = stage.batch(12, torch.Generator().manual_seed(0))
    assert owners.unique(return_counts=True)[1].tolist() == [4, 4, 4]
    assert traits[0].tolist() == traits_of(VALIDATION.first + int(owners[0]))
    losses = stage.objective(images, owners, traits)
    assert losses["loss"] > losses["contrast"] > 0
