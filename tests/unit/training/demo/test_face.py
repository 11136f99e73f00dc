from dataclasses import replace

import numpy as np
import pytest

from training.demo.face import outline
from training.demo.people import Beard, Earrings, FaceShape, Glasses, Lips, Mole, Nose, person
from training.demo.render import pixels
from training.demo.scene import Background, Expression, Shirt, Variation

HOW = Variation(Background.DESERT, Shirt.WHITE, Expression.NEUTRAL)
WHO = replace(
    person(11),
    skin=(242, 196, 160),
    hair_colour=(38, 33, 38),
    glasses=Glasses.NONE,
    beard=Beard.NONE,
    mole=Mole.NONE,
    freckles=False,
    earrings=Earrings.NONE,
)
CHANGES = {
    "glasses": {"glasses": Glasses.ROUND},
    "square glasses": {"glasses": Glasses.SQUARE},
    "winged glasses": {"glasses": Glasses.WINGED},
    "stubble": {"beard": Beard.STUBBLE},
    "moustache": {"beard": Beard.MOUSTACHE},
    "goatee": {"beard": Beard.GOATEE},
    "full beard": {"beard": Beard.FULL},
    "mole": {"mole": Mole.LEFT},
    "freckles": {"freckles": True},
    "earrings": {"earrings": Earrings.GOLD},
    "lips": {"lips": Lips.RED if WHO.lips is not Lips.RED else Lips.PLUM},
    "nose": {"nose": Nose.WIDE if WHO.nose is not Nose.WIDE else Nose.LONG},
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_trait_shows(name):
    changed = pixels(replace(WHO, **CHANGES[name]), HOW).astype(int) - pixels(WHO, HOW)
    assert (np.abs(changed).max(axis=2) > 25).sum() >= 2


@pytest.mark.parametrize("mood", [mood for mood in Expression if mood is not Expression.NEUTRAL])
def test_every_expression_shows(mood):
    changed = pixels(WHO, replace(HOW, expression=mood)).astype(int) - pixels(WHO, HOW)
    assert (np.abs(changed).max(axis=2) > 40).sum() > 20


@pytest.mark.parametrize("shape", FaceShape)
def test_the_outline_has_the_measures_of_the_person(shape):
    edge = outline(replace(WHO, face=shape))
    assert edge[:, 0].max() == pytest.approx(WHO.face_width, rel=0.02)
    assert edge[:, 1].max() == pytest.approx(WHO.face_height, rel=0.02)
