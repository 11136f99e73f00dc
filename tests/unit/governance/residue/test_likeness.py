import io
from random import Random

import pytest
from PIL import Image

from governance.residue.likeness import SAME, Likeness
from governance.residue.planting import invented_secret


def encoded(image, format="JPEG", **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return Image.open(io.BytesIO(file.getvalue()))


@pytest.fixture(scope="module")
def image(secret):
    return secret.image()


@pytest.fixture(scope="module")
def likeness(image):
    return Likeness.of(image)


@pytest.mark.parametrize("side", [48, 90, 160, 300])
@pytest.mark.parametrize("quality", [40, 90])
def test_it_recognises_a_scaled_and_encoded_copy(likeness, image, side, quality):
    assert likeness.resembles(encoded(image.resize((side, side)), quality=quality))


@pytest.mark.parametrize("turn", list(Image.Transpose))
def test_it_recognises_a_turned_or_mirrored_copy(likeness, image, turn):
    assert likeness.resembles(encoded(image.transpose(turn), quality=80))


def test_it_recognises_most_crops(likeness, image):
    random = Random(1)
    found = 0
    for _ in range(20):
        side = random.randint(90, 150)
        left, top = random.randint(0, 160 - side), random.randint(0, 160 - side)
        found += likeness.resembles(encoded(image.crop((left, top, left + side, top + side)), quality=80))
    assert found >= 18


def test_it_recognises_the_upper_part_of_a_torn_copy(likeness, image):
    torn = image.copy()
    torn.paste((128, 128, 128), (0, 90, 160, 160))
    assert likeness.score(torn, torn=True) >= SAME
    assert likeness.score(torn) < SAME


def test_it_recognises_a_torn_copy_that_goes_on_as_noise(likeness, image):
    noisy = image.copy()
    noisy.paste(Image.effect_noise((160, 60), 80).convert("RGB"), (0, 100))
    assert likeness.resembles(noisy)


def test_strangers_are_told_apart(likeness):
    scores = [likeness.score(invented_secret(seed, side=96).image()) for seed in range(100, 110)]
    assert max(scores) < SAME - 0.02


def test_flat_pictures_resemble_nothing(likeness):
    assert likeness.score(Image.new("RGB", (50, 50), "white")) == 0.0
    assert Likeness.of(Image.new("L", (50, 50))).score(Image.effect_noise((50, 50), 50)) < SAME


def test_wide_pictures_are_known_by_their_square_parts(image):
    wide = image.resize((320, 120))
    assert Likeness.of(wide).resembles(wide.crop((100, 0, 220, 120)))
