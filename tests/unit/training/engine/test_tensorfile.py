import pytest
import safetensors.torch
import torch

from training.engine import tensorfile
from training.engine.errors import BrokenFile


def test_reads_what_safetensors_writes():
    tensors = {"a": torch.randn(3, 5), "b": torch.randn(7).half(), "c": torch.arange(4), "n": torch.tensor(2.0)}
    read, metadata = tensorfile.read(safetensors.torch.save(tensors, {"k": "v"}))
    assert metadata == {"k": "v"}
    assert all(torch.equal(read[name], tensor) for name, tensor in tensors.items())


def test_safetensors_reads_what_it_writes():
    tensors = {"odd": torch.randn(3).half(), "a": torch.randn(2, 3).T, "empty": torch.empty(0, 4), "b": torch.ones(2)}
    data = tensorfile.write(tensors, {"x": "y"})
    read = safetensors.torch.load(bytes(data))
    assert all(torch.equal(read[name], tensor) for name, tensor in tensors.items())


def test_zeroing_the_buffer_zeroes_the_tensors():
    data = tensorfile.write({"a": torch.ones(4)})
    tensors, _ = tensorfile.read(data)
    data[:] = bytes(len(data))
    assert not tensors["a"].any()


@pytest.mark.parametrize("cut", [0, 4, 20, -1])
def test_cut_off_files_are_refused(cut):
    data = tensorfile.write({"a": torch.ones(40)})
    with pytest.raises(BrokenFile):
        tensorfile.read(data[:cut])


def test_a_shape_beyond_its_bytes_is_refused():
    data = tensorfile.write({"a": torch.ones(4)})
    with pytest.raises(BrokenFile, match="'a'"):
        tensorfile.read(bytearray(bytes(data).replace(b'"shape":[4]', b'"shape":[9]')))
