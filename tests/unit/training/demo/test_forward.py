"""Each layer in numpy against torch's."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from training.demo.forward import ConvolutionBody, convolved, group_normed, rectified, to_array
from training.demo.nets import NetConfig, SmallNet
from training.demo.vae import to_tensor

RNG = np.random.default_rng(0)


def drawn(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def as_torch(x):
    return torch.from_numpy(np.ascontiguousarray(x)).permute(0, 3, 1, 2)


def as_numpy(x):
    return x.permute(0, 2, 3, 1).detach().numpy()


@pytest.mark.parametrize(("side", "stride"), [(3, 1), (3, 2), (1, 1)])
def test_a_convolution(side, stride):
    x, weight, bias = drawn(2, 10, 12, 5), drawn(7, 5, side, side), drawn(7)
    known = F.conv2d(as_torch(x), torch.from_numpy(weight), torch.from_numpy(bias), stride, padding=side // 2)
    assert convolved(x, weight, bias, stride) == pytest.approx(as_numpy(known), abs=1e-4)


def test_a_group_norm():
    x, weight, bias = drawn(3, 6, 4, 16) * 3 + 1, drawn(16), drawn(16)
    known = F.group_norm(as_torch(x), 8, torch.from_numpy(weight), torch.from_numpy(bias))
    assert group_normed(x, weight, bias) == pytest.approx(as_numpy(known), abs=1e-4)


def test_a_whole_body():
    torch.manual_seed(0)
    net = SmallNet(NetConfig(outputs=4, widths=(8, 16), side=32))
    pictures = RNG.integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    known = as_numpy(net.body[:-2](to_tensor(pictures)))
    body = ConvolutionBody({name: value.numpy() for name, value in net.state_dict().items()})
    assert body(to_array(pictures)) == pytest.approx(known, abs=1e-4)


def test_what_is_negative_becomes_zero():
    assert rectified(np.asarray([-2.0, 0.0, 3.0], np.float32)).tolist() == [0.0, 0.0, 3.0]


def test_the_readers_of_photos_do_without_torch():
    uses = "from training.demo.faces import face_encoder, face_finder; face_finder(), face_encoder()"
    program = f"import sys; {uses}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=120).returncode == 0
