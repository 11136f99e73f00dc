import numpy as np
import pytest

from training.evaluation import centres, frechet_distance, rank1, similarity

AXES = np.eye(4, dtype=np.float32)


def test_similarity_is_the_cosine():
    assert similarity(AXES[:2], AXES[1:3]) == pytest.approx(np.array([[0, 0], [1, 0]]))


def test_rank1_counts_the_nearest():
    assert rank1(AXES[[0, 1, 2]], np.array([0, 1, 3]), AXES) == pytest.approx(2 / 3)


def test_centres_are_unit_vectors_between_ones_own():
    middle = centres(np.concatenate([AXES[:2], AXES[2:4]]), 2)
    assert middle == pytest.approx(np.array([[1, 1, 0, 0], [0, 0, 1, 1]]) / np.sqrt(2))


def test_frechet_distance_of_normals():
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 1, (20_000, 2)), rng.normal((3, 0), 2, (20_000, 2))
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(one, other) == pytest.approx(9 + 2, rel=0.05)
