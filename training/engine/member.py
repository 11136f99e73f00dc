"""One job while it is in a pack."""

from __future__ import annotations

from dataclasses import dataclass

from training.engine.base import BaseModel
from training.engine.data import TrainingData
from training.engine.draws import Chance, Rows
from training.engine.errors import InvalidTraining, RankTooLarge
from training.engine.formats import AdapterWeights, LayerWeights
from training.engine.names import Component
from training.engine.optimizer import Portion, portions_of
from training.engine.spec import TrainingSpec
from training.engine.stack import AdapterStack
from training.engine.targets import Site, find_sites


@dataclass(slots=True, eq=False)
class Member:
    """A job's settings, data and chance, and the slot it trains in; `step` steps are behind it."""

    spec: TrainingSpec
    data: TrainingData
    slot: int
    sites: list[Site]
    portions: list[Portion]
    chance: Chance
    step: int = 0

    @property
    def done(self) -> bool:
        return self.step >= self.spec.steps

    def draw(self, timesteps: int) -> Rows:
        return self.chance.draw(self.data, self.spec, timesteps)


def admit(base: BaseModel, stack: AdapterStack, spec: TrainingSpec, data: TrainingData, slot: int) -> Member:
    """A member at its first step. `RankTooLarge`, or `InvalidTraining` when the stack lacks what the job adapts."""
    if spec.rank > stack.rank:
        raise RankTooLarge(spec.rank, stack.rank)
    sites = find_sites(base.modules, spec.targets, spec.text_encoder)
    for site in sites:
        if site.key not in stack.layout:
            raise InvalidTraining(f"this pack does not adapt {site.component}.{site.path}; choose smaller targets")
    return Member(spec, data, slot, sites, portions_of(stack, spec), Chance(spec.seed))


def first_weights(member: Member) -> AdapterWeights:
    """What a LoRA starts from: A uniform as a linear layer's weights, B zero; drawn from the job's own chance."""
    layers: dict[Component, dict[str, LayerWeights]] = {}
    for site in member.sites:
        bound = site.fan_in**-0.5
        shape = (member.spec.rank, site.inputs, *(site.kernel or ()))
        A = member.data.pictures.mean.new_empty(shape, device="cpu").float()
        A.uniform_(-bound, bound, generator=member.chance.generator)
        B = A.new_zeros(site.outputs, member.spec.rank)
        layers.setdefault(site.component, {})[site.path] = LayerWeights(A, B)
    return AdapterWeights(layers)
