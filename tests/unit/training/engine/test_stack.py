import copy

import pytest
import torch
from torch import nn

from tests.unit.training.engine import adapters
from training.engine.errors import RankTooLarge, UnknownTarget, UnmatchedKey
from training.engine.stack import AdapterStack
from training.engine.targets import TargetSet

PICKY = {
    "unet": [r".*to_q", r".*conv1", r".*downsamplers\.0\.conv", r".*upsamplers\.0\.conv", r"conv_in", r".*proj_in"],
    "text_encoder": [r".*fc1"],
}
TEXTS = ["a b", "c", "d e f", "g"]


@torch.no_grad()
def predict(base, rows, first=0):
    x = adapters.latents(4)[first : first + rows]
    text = base.embed([tokens[first : first + rows] for tokens in base.tokenize(TEXTS)]).text_bld
    return base.unet(x, torch.tensor([10, 500, 30, 999])[first : first + rows], text).sample


def select(stack, slots):
    stack.select("unet", slots)
    stack.select("text_encoder", slots)


@pytest.mark.parametrize("targets", [*TargetSet, PICKY])
@pytest.mark.parametrize("fuse", [True, False])
def test_every_row_equals_the_base_with_its_adapter_merged(base, targets, fuse):
    mine = [adapters.random_weights(base, targets, rank, 0.5, seed) for seed, rank in enumerate((4, 8, 3))]
    expected = [predict(base, 1)]
    for row, adapter in enumerate(mine, 1):
        adapters.merge(base, adapter)
        expected.append(predict(base, 1, row))
        adapters.merge(base, adapter, -1)
    stack = AdapterStack.attach(base.modules, targets, slots=5, rank=8, fuse=fuse)
    for slot, adapter in zip((5, 2, 3), mine, strict=True):
        stack.load(slot, adapter)
    select(stack, [0, 5, 2, 3])
    assert (predict(base, 4) - torch.cat(expected)).abs().max() < 2e-5
    select(stack, [0, 5, 3, 2])
    assert (predict(base, 4) - torch.cat(expected)).abs().max() > 1e-2, "a wrong slot must not go unnoticed"


def test_all_rows_of_slot_zero_run_the_base_itself(base):
    plain = predict(base, 4)
    stack = AdapterStack.attach(base.modules, TargetSet.ALL, slots=2, rank=4)
    select(stack, [0, 0, 0, 0])
    assert torch.equal(predict(base, 4), plain)
    select(stack, None)
    assert torch.equal(predict(base, 4), plain)


def test_serving_gives_every_row_the_slot_and_restores_the_selection(base):
    stack = AdapterStack.attach(base.modules, TargetSet.ALL, slots=2, rank=4)
    stack.load(2, adapters.random_weights(base, TargetSet.ALL))
    plain = predict(base, 4)
    select(stack, [2] * 4)
    selected = predict(base, 4)
    select(stack, None)
    with stack.serving(2):
        assert torch.allclose(predict(base, 4), selected, atol=1e-6)
        assert torch.allclose(predict(base, 2), selected[:2], atol=1e-6)
    assert torch.equal(predict(base, 4), plain)


def test_read_gives_back_what_was_loaded_and_clear_leaves_zeros(base):
    adapter = adapters.random_weights(base, PICKY, rank=3, scale=2.0)
    stack = AdapterStack.attach(base.modules, PICKY, slots=2, rank=5)
    stack.load(1, adapter)
    read = {(c, p): layer for c, p, layer in stack.read(1, rank=3)}
    for component, path, layer in adapter:
        assert torch.equal(read[component, path].A, layer.A)
        assert torch.equal(read[component, path].B, layer.scaled_b)
    stack.clear(1)
    assert not stack.rows.any()


def test_matrices_never_move(base):
    stack = AdapterStack.attach(base.modules, TargetSet.ATTENTION, slots=3, rank=4)
    place = stack.rows.data_ptr()
    for slot in (1, 2, 3, 1):
        stack.load(slot, adapters.random_weights(base, TargetSet.ATTENTION, seed=slot))
        stack.clear(slot)
    assert stack.rows.data_ptr() == place


def test_low_precision_copies_follow_the_master(base):
    stack = AdapterStack.attach(base.modules, TargetSet.ATTENTION, slots=1, rank=4)
    low = stack.numbers(torch.bfloat16)
    stack.load(1, adapters.random_weights(base, TargetSet.ATTENTION))
    assert torch.equal(low, stack.rows.bfloat16())
    stack.clear(1)
    assert not low.any()


def test_detach_restores_the_modules(base):
    before = copy.deepcopy(base.unet.state_dict())
    plain = predict(base, 2)
    kinds = {path: type(module) for path, module in base.unet.named_modules()}
    stack = AdapterStack.attach(base.modules, TargetSet.ALL, slots=1, rank=2)
    assert base.unet.state_dict().keys() == before.keys()
    stack.load(1, adapters.random_weights(base, TargetSet.ALL, rank=2))
    select(stack, [1, 1])
    stack.detach()
    assert {path: type(module) for path, module in base.unet.named_modules()} == kinds
    assert torch.equal(predict(base, 2), plain)
    assert not stack.rows.any()


def test_what_does_not_fit_is_refused(base):
    stack = AdapterStack.attach(base.modules, TargetSet.ATTENTION, slots=1, rank=2)
    with pytest.raises(RankTooLarge, match="3"):
        stack.load(1, adapters.random_weights(base, TargetSet.ATTENTION, rank=3))
    with pytest.raises(UnmatchedKey, match=r"ff\.net|proj_in|mlp"):
        stack.load(1, adapters.random_weights(base, TargetSet.ALL, rank=2))
    with pytest.raises(IndexError, match="slot 2"):
        stack.select("unet", [2])
    with pytest.raises(UnknownTarget, match="adapted already"):
        AdapterStack.attach(base.modules, TargetSet.ATTENTION, slots=1, rank=2)


def test_unknown_patterns_and_modules_are_refused(base):
    with pytest.raises(UnknownTarget, match="nowhere"):
        AdapterStack.attach(base.modules, {"unet": ["nowhere"]}, slots=1, rank=2)
    with pytest.raises(UnknownTarget, match="GroupNorm"):
        AdapterStack.attach(base.modules, {"unet": ["conv_norm_out"]}, slots=1, rank=2)
    grouped = nn.ModuleDict({"c": nn.Conv2d(4, 4, 3, groups=2)})
    with pytest.raises(UnknownTarget, match="grouped"):
        AdapterStack.attach({"unet": grouped}, {"unet": ["c"]}, slots=1, rank=2)
