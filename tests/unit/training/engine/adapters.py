"""Random adapters, and the plain arithmetic that says what they must do."""

import torch

from training.engine.formats import AdapterWeights, LayerWeights
from training.engine.targets import find_sites


def random_weights(base, targets, rank=4, scale=1.0, seed=0, text=True):
    generator = torch.Generator().manual_seed(seed)
    layers = {}
    for site in find_sites(base.modules, targets, text):
        shape = base.names.modules[site.key].weight.shape
        A = torch.randn(rank, *shape[1:], generator=generator) / site.fan_in**0.5
        B = torch.randn(shape[0], rank, generator=generator) * 0.2
        layers.setdefault(site.component, {})[site.path] = LayerWeights(A, B, scale)
    return AdapterWeights(layers)


def merge(base, adapter, sign=1):
    """Add the adapter into the base's own weights."""
    with torch.no_grad():
        for component, path, layer in adapter:
            weight = base.names.modules[component, path].weight
            weight += sign * (layer.scale * layer.B @ layer.A.flatten(1)).view_as(weight)
    return base


def latents(rows, seed=5):
    return torch.randn(rows, 4, 8, 8, generator=torch.Generator().manual_seed(seed))
