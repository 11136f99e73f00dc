"""Small trainings of random photos."""

from dataclasses import replace

import numpy as np
import torch

from training.engine.data import encode
from training.engine.packed import PackConfig, PackedTrainer
from training.engine.spec import Schedule, TrainingSpec
from training.engine.targets import TargetSet

SPEC = TrainingSpec(steps=6, rank=4, learning_rate=1e-2, schedule=Schedule.CONSTANT, batch=2)


def pixels(count=3, seed=0, side=16):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def spec(seed=0, **changes):
    return replace(SPEC, seed=seed, **changes)


def data(base, spec, side=16):
    """Three photos, and regularisation pictures where the settings ask for them; told apart by the seed."""
    prior = pixels(2, 1000 + spec.seed, side) if spec.prior_weight else None
    captions = ["a b", "c d e", f"f {spec.seed}"]
    return encode(base, spec, pixels(3, spec.seed, side), captions, prior, ["p", "q"] if spec.prior_weight else [])


def trainer(base, **changes):
    return PackedTrainer(base, PackConfig(**{"slots": 4, "rank": 8, "targets": TargetSet.ALL, **changes}))


def join(pack, id, spec, **options):
    return pack.join(id, spec, data(pack.base, spec), **options)


def difference(one, two):
    """The largest difference between two adapters of the same layers."""
    others = {(c, p): layer for c, p, layer in two}
    assert others.keys() == {(c, p) for c, p, _ in one}
    return max(
        max((layer.A - others[c, p].A).abs().max(), (layer.scaled_b - others[c, p].scaled_b).abs().max()).item()
        for c, p, layer in one
    )


def mean_difference(one, two):
    """The mean difference between two adapters of the same layers."""
    others = {(c, p): layer for c, p, layer in two}
    pairs = [((layer.A - others[c, p].A), (layer.B - others[c, p].B)) for c, p, layer in one]
    return torch.cat([difference.abs().flatten() for pair in pairs for difference in pair]).mean().item()
