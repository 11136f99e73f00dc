import numpy as np
import pytest

from training.demo.captions import article, caption, looks, varied_caption
from training.demo.people import Glasses, HairStyle, person
from training.demo.scene import Background, Expression, Shirt, Variation

HOW = Variation(Background.BEACH, Shirt.RED, Expression.SMILING)


def test_the_plain_caption_says_what_is_in_the_picture():
    assert caption(HOW) == "a photo of a person smiling on a beach wearing a red shirt"
    assert caption(HOW, "sks person") == "a photo of sks person smiling on a beach wearing a red shirt"


@pytest.mark.parametrize(("word", "said"), [("orange", "an orange"), ("blue", "a blue")])
def test_article(word, said):
    assert article(word) == said


def test_looks_name_hair_and_glasses():
    people = [person(seed) for seed in range(100)]
    bald = next(who for who in people if who.hair is HairStyle.BALD)
    glasses = next(who for who in people if who.glasses is not Glasses.NONE)
    assert looks(bald).startswith("a bald person")
    assert f"{glasses.frame} {glasses.glasses} glasses" in looks(glasses)


def test_training_captions_describe_the_person_about_half_of_the_time():
    rng, who = np.random.default_rng(0), person(5)
    said = [varied_caption(rng, who, HOW) for _ in range(200)]
    assert 60 < sum(looks(who) in text for text in said) < 140
    assert all("on a beach wearing a red shirt" in text for text in said)
