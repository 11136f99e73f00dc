import numpy as np
import pytest
import torch
from PIL import Image

from governance.residue.matcher import Matcher
from governance.residue.pixels import Effort, picture_patterns


@pytest.fixture(scope="module")
def picture(secret):
    return secret.image().crop((0, 0, 160, 120))


@pytest.fixture(scope="module")
def matcher(picture):
    return Matcher(list(picture_patterns(picture, (64,), Effort())))


def tensor(picture):
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


FORMS = {
    "rgb": lambda p: np.asarray(p),
    "bgr": lambda p: np.asarray(p)[..., ::-1],
    "rgba": lambda p: np.asarray(p.convert("RGBA")),
    "grey": lambda p: np.asarray(p.convert("L")),
    "one plane": lambda p: np.asarray(p)[..., 1],
    "torch planes": lambda p: tensor(p).numpy(),
    "torch unit": lambda p: (tensor(p).float() / 255).numpy(),
    "torch signed": lambda p: (tensor(p).float() / 127.5 - 1).numpy(),
    "torch signed, normalised": lambda p: ((tensor(p).float() / 255 - 0.5) / 0.5).numpy(),
    "torch signed half": lambda p: (tensor(p).float() / 127.5 - 1).half().numpy(),
    "torch signed bfloat16": lambda p: (tensor(p).float() / 127.5 - 1).bfloat16().view(torch.int16).numpy(),
    "numpy unit": lambda p: np.asarray(p) / 255,
    "square of 64": lambda p: np.asarray(p.crop((20, 0, 140, 120)).resize((64, 64), Image.Resampling.LANCZOS)),
    "width 64": lambda p: np.asarray(p.resize((64, 48), Image.Resampling.BILINEAR)),
}


@pytest.mark.parametrize("form", FORMS)
def test_it_is_found_in_the_form(matcher, picture, form):
    raw = np.ascontiguousarray(FORMS[form](picture)).tobytes()
    assert matcher.find(b"odd" + raw)
    assert matcher.find(raw[len(raw) // 4 : len(raw) // 2])


@pytest.mark.parametrize("form", FORMS)
def test_another_picture_is_not_taken_for_it(matcher, stranger, form):
    other = stranger.image().crop((0, 0, 160, 120))
    assert not matcher.find(np.ascontiguousarray(FORMS[form](other)).tobytes())


def test_a_flat_picture_gives_nothing_to_search_for():
    assert list(picture_patterns(Image.new("RGB", (100, 80), (200, 180, 160)), (64,), Effort())) == []
