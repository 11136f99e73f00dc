import numpy as np

from training.demo.scene import Background, Expression, Shirt, variation


def test_what_is_named_is_kept_and_the_rest_varies():
    rng = np.random.default_rng(0)
    ways = [variation(rng, Background.BEACH, Shirt.RED, Expression.ANGRY) for _ in range(20)]
    assert {(how.background, how.shirt, how.expression) for how in ways} == {("on a beach", "red", "looking angry")}
    assert len({how.shift_x for how in ways}) == 20


def test_everything_comes_up_by_chance():
    rng = np.random.default_rng(1)
    ways = [variation(rng) for _ in range(300)]
    assert {how.background for how in ways} == set(Background)
    assert {how.shirt for how in ways} == set(Shirt)
    assert {how.expression for how in ways} == set(Expression)
