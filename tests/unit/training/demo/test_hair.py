from dataclasses import replace
from itertools import combinations

import numpy as np

from training.demo.people import HairStyle, person
from training.demo.render import pixels
from training.demo.scene import Background, Expression, Shirt, Variation

HOW = Variation(Background.MEADOW, Shirt.WHITE, Expression.NEUTRAL)


def test_no_two_styles_look_alike():
    who = replace(person(3), hair_colour=(38, 33, 38), skin=(242, 196, 160))
    shown = {style: pixels(replace(who, hair=style), HOW).astype(int) for style in HairStyle}
    for one, other in combinations(HairStyle, 2):
        different = (np.abs(shown[one] - shown[other]).max(axis=2) > 40).sum()
        assert different > 12, (one, other)
