"""Packed equals alone; whoever joins, leaves or fails, the others do not notice."""

import pytest
import torch

from tests.unit.training.engine import jobs
from training.engine.errors import CheckpointMismatch, EngineError, InvalidTraining, OutOfMemory, PackFull, RankTooLarge
from training.engine.formats import parse
from training.engine.spec import Schedule
from training.engine.targets import TargetSet

MIXED = {
    "plain": jobs.spec(1),
    "small": jobs.spec(2, rank=2, alpha=4.0, batch=1, learning_rate=5e-3),
    "text": jobs.spec(3, rank=8, text_encoder=True, min_snr_gamma=5.0, text_learning_rate=1e-3),
    "prior": jobs.spec(4, prior_weight=0.5, schedule=Schedule.COSINE, max_grad_norm=0.05, flip=True),
}


def run_alone(base, spec, **config):
    pack = jobs.trainer(base, **config)
    jobs.join(pack, "one", spec)
    reports = [pack.step()["one"] for _ in range(spec.steps)]
    weights = pack.weights("one")
    pack.close()
    return weights, reports


@pytest.mark.parametrize("max_rows", [0, 3])
def test_packed_gradients_equal_those_alone(base, max_rows):
    alone = {}
    for name, spec in MIXED.items():
        pack = jobs.trainer(base)
        jobs.join(pack, name, spec)
        pack.step()
        alone |= pack.gradients()
        pack.close()
    pack = jobs.trainer(base, max_rows=max_rows)
    for name, spec in MIXED.items():
        jobs.join(pack, name, spec)
    pack.step()
    together = pack.gradients()
    for name in MIXED:
        assert alone[name].abs().max() > 1e-3
        assert (together[name] - alone[name]).abs().max() < 1e-5


def test_finished_adapters_equal_those_alone_whoever_joins_and_leaves(base):
    alone = {name: run_alone(base, spec) for name, spec in MIXED.items()}
    pack = jobs.trainer(base)
    found, losses = {}, {name: [] for name in MIXED}
    jobs.join(pack, "passer-by", jobs.spec(9))
    for name, spec in MIXED.items():
        if len(pack) == 4:
            pack.leave("passer-by")
        jobs.join(pack, name, spec)
        for id, report in pack.step().items():
            losses.get(id, []).append(report.loss)
    while len(found) < len(MIXED):
        for id, report in pack.step().items():
            losses.get(id, []).append(report.loss)
            if report.done and id in MIXED:
                found[id] = pack.weights(id)
                pack.leave(id)
    for name, (weights, reports) in alone.items():
        # Adam moves an element by about the rate however small its gradient is, so where a gradient is all rounding
        # the two may differ by a part of the rate. That is rare, and means nothing.
        assert jobs.difference(found[name], weights) < 0.1 * MIXED[name].learning_rate
        assert jobs.mean_difference(found[name], weights) < 1e-6
        assert losses[name] == pytest.approx([report.loss for report in reports], abs=1e-5)


def test_every_adapter_has_moved_and_stays_within_its_own_layers(base):
    spec = jobs.spec(1, targets=TargetSet.ATTENTION)
    weights, reports = run_alone(base, spec)
    assert all(path.rpartition(".")[0].endswith(("attn1", "attn2", "to_out")) for _, path, _ in weights)
    assert all(layer.B.abs().max() > 0 for _, _, layer in weights)
    assert [report.step for report in reports] == [1, 2, 3, 4, 5, 6]
    assert [report.done for report in reports] == [False] * 5 + [True]


def test_a_poisoned_job_is_expelled_and_its_pack_mates_are_bitwise_undisturbed(base):
    def train(poisoned):
        pack = jobs.trainer(base)
        for name in ("plain", "text", "prior"):
            jobs.join(pack, name, MIXED[name])
        pack.step()
        if poisoned:
            pack._members["text"].data.pictures.mean.fill_(float("nan"))
        report = pack.step()["text"]
        pack.leave("text")
        pack.step()
        kept = pack.weights("plain"), pack.weights("prior")
        assert not pack.stack.rows[3].any()
        assert not pack._optimizer.means[3].any()
        pack.close()
        return report, kept

    (poison, mates), (healthy, expected) = train(True), train(False)
    assert poison.failed == "the loss was not finite at step 2"
    assert healthy.failed is None
    assert [jobs.difference(*pair) for pair in zip(mates, expected, strict=True)] == [0, 0]


@pytest.mark.parametrize("name", MIXED)
def test_resuming_a_checkpoint_is_bitwise_the_same(base, name):
    spec = MIXED[name]
    straight, _ = run_alone(base, spec)
    pack = jobs.trainer(base)
    jobs.join(pack, name, spec)
    for _ in range(4):
        pack.step()
    state = pack.checkpoint(name)
    pack.close()
    again = jobs.trainer(base)
    assert jobs.join(again, name, spec, resume=state) == 4
    again.step()
    assert again.step()[name].done
    assert jobs.difference(again.weights(name), straight) == 0


def test_a_checkpoint_goes_on_in_another_pack_and_is_refused_for_another_job(base):
    spec = MIXED["small"]
    pack = jobs.trainer(base)
    jobs.join(pack, "a", spec)
    pack.step()
    state = pack.checkpoint("a")
    pack.close()
    other = jobs.trainer(base, rank=3, slots=2)
    jobs.join(other, "b", jobs.spec(1, rank=3))
    with pytest.raises(CheckpointMismatch, match="other settings"):
        jobs.join(other, "a", jobs.spec(2, rank=2), resume=state)
    assert not other.stack.rows[2].any()
    assert jobs.join(other, "a", spec, resume=state) == 1
    assert set(other.step()) == {"a", "b"}


def test_looking_at_gradients_changes_nothing(base):
    straight, _ = run_alone(base, MIXED["plain"])
    pack = jobs.trainer(base)
    jobs.join(pack, "plain", MIXED["plain"])
    for _ in range(6):
        assert pack.gradients()["plain"].any()
        pack.step()
    assert pack.gradients() == {}
    assert jobs.difference(pack.weights("plain"), straight) == 0


def test_leaving_zeroes_everything_of_the_job(base):
    pack = jobs.trainer(base)
    encoded = jobs.data(base, MIXED["prior"])
    pack.join("a", MIXED["prior"], encoded)
    pack.step()
    pack.leave("a")
    optimizer = pack._optimizer
    for stacked in (pack.stack.rows, optimizer.gradients, optimizer.means, optimizer.squares):
        assert not stacked.any()
    assert not encoded.pictures.mean.any()
    assert not encoded.prior.mean.any()
    assert not encoded.embedding.text_bld.any()
    pack.leave("a")


def test_running_out_of_memory_changes_nothing(base):
    straight, _ = run_alone(base, MIXED["plain"])
    pack = jobs.trainer(base)
    jobs.join(pack, "plain", MIXED["plain"])
    pack.step()

    def exhausted(*_):
        raise torch.OutOfMemoryError("no room")

    hook = base.unet.conv_out.register_forward_hook(exhausted)
    with pytest.raises(OutOfMemory, match="nothing was changed"):
        pack.step()
    hook.remove()
    for _ in range(5):
        pack.step()
    assert jobs.difference(pack.weights("plain"), straight) == 0


def test_jobs_of_different_sizes_share_a_pack(base):
    specs = {"small": jobs.spec(1), "large": jobs.spec(2)}
    alone = {}
    for (name, spec), side in zip(specs.items(), (16, 32), strict=True):
        pack = jobs.trainer(base)
        pack.join(name, spec, jobs.data(base, spec, side))
        pack.step()
        alone[name] = pack.weights(name)
        pack.close()
    pack = jobs.trainer(base)
    for (name, spec), side in zip(specs.items(), (16, 32), strict=True):
        pack.join(name, spec, jobs.data(base, spec, side))
    pack.step()
    assert max(jobs.difference(pack.weights(name), alone[name]) for name in specs) < 1e-5


def test_an_exported_file_reads_back_and_serving_uses_it(base):
    pack = jobs.trainer(base)
    jobs.join(pack, "text", MIXED["text"])
    pack.step()
    assert jobs.difference(parse(pack.export("text"), base.names), pack.weights("text")) == 0
    with torch.no_grad():
        plain = base.encode_text(["a b"]).text_bld
        with pack.serving("text"):
            assert not torch.equal(base.encode_text(["a b"]).text_bld, plain)
        assert torch.equal(base.encode_text(["a b"]).text_bld, plain)


@pytest.mark.parametrize("option", [{"gradient_checkpointing": True}, {"fuse": False}])
def test_options_change_nothing_but_rounding(base, option):
    expected, _ = run_alone(base, MIXED["plain"])
    found, _ = run_alone(base, MIXED["plain"], **option)
    assert jobs.difference(found, expected) < 0.1 * MIXED["plain"].learning_rate
    assert jobs.mean_difference(found, expected) < 1e-6


def test_mixed_precision_stays_close(base):
    found, reports = run_alone(base, MIXED["text"], autocast=torch.bfloat16)
    _, expected = run_alone(base, MIXED["text"])
    assert [r.loss for r in reports] == pytest.approx([r.loss for r in expected], rel=0.05)
    assert all(layer.A.dtype == torch.float32 for _, _, layer in found)


def test_what_does_not_fit_is_refused(base):
    pack = jobs.trainer(base, slots=1, targets=TargetSet.ATTENTION, text_encoder=False)
    with pytest.raises(RankTooLarge, match="9"):
        jobs.join(pack, "a", jobs.spec(rank=9, targets=TargetSet.ATTENTION))
    with pytest.raises(InvalidTraining, match="does not adapt"):
        jobs.join(pack, "a", jobs.spec())
    with pytest.raises(InvalidTraining, match="text_encoder"):
        jobs.join(pack, "a", jobs.spec(targets=TargetSet.ATTENTION, text_encoder=True))
    jobs.join(pack, "a", jobs.spec(targets=TargetSet.ATTENTION))
    with pytest.raises(EngineError, match="already"):
        jobs.join(pack, "a", jobs.spec(targets=TargetSet.ATTENTION))
    with pytest.raises(PackFull, match="1 slots"):
        jobs.join(pack, "b", jobs.spec(targets=TargetSet.ATTENTION))
    with pytest.raises(EngineError, match="not in this pack"):
        pack.export("c")
