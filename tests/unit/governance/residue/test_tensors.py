import numpy as np
import pytest
import torch
from safetensors.torch import save

from governance.residue.matcher import Matcher
from governance.residue.tensors import bfloat16, tensor_patterns

LATENT = torch.from_numpy(np.random.default_rng(3).normal(size=(4, 32, 32)).astype(np.float32))


def shows(values, data):
    return bool(Matcher(list(tensor_patterns(values, 64))).find(data))


def test_bfloat16_rounds_as_torch_does():
    values = torch.cat([LATENT.flatten(), torch.tensor([0.0, -0.0, 1.0, 1e-30, 3.0e38, 1.00390625])])
    ours = bfloat16(values.numpy())
    assert ours.tobytes() == values.to(torch.bfloat16).view(torch.int16).numpy().tobytes()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_it_is_found_in_memory_and_in_safetensors(dtype):
    stored = save({"other": torch.ones(3), "latent": LATENT.to(dtype)})
    assert shows(LATENT.numpy(), stored)
    assert shows(LATENT.numpy(), b"?" * 7 + stored[-2048:])


def test_integers_are_found_in_their_own_type():
    values = np.random.default_rng(4).integers(0, 2**40, 500)
    assert shows(values, b"xyz" + values.tobytes())


def test_another_tensor_is_not_taken_for_it():
    other = torch.from_numpy(np.random.default_rng(5).normal(size=(4, 32, 32)).astype(np.float32))
    assert not shows(LATENT.numpy(), save({"latent": other}))
