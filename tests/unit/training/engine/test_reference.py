"""One job here against diffusers' and PEFT's own LoRA training step: same weights, noise and timesteps."""

import copy

import pytest
import torch
from diffusers import DDPMScheduler
from peft import LoraConfig
from torch.nn import functional as F

from tests.unit.training.engine import jobs
from training.engine.base import BaseModel
from training.engine.draws import Chance

UNET_TARGETS = ["to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out"]
UNET_TARGETS += ["conv1", "conv2", "time_emb_proj", "conv_shortcut"]
TEXT_TARGETS = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]


class Reference:
    """The plain loop: PEFT layers in a copy of the base, diffusers' scheduler, torch's AdamW and clipping."""

    def __init__(self, base, spec, first):
        self.unet, self.encoder = copy.deepcopy((base.unet, base.text_encoders[0]))
        self.scheduler = DDPMScheduler.from_config(base.scheduler_config)
        self.spec = spec
        alpha = spec.alpha or spec.rank
        self.unet.add_adapter(LoraConfig(r=spec.rank, lora_alpha=alpha, target_modules=UNET_TARGETS))
        modules = {"unet": self.unet}
        if spec.text_encoder:
            self.encoder.add_adapter(LoraConfig(r=spec.rank, lora_alpha=alpha, target_modules=TEXT_TARGETS))
            modules["text_encoder"] = self.encoder
        self.layers = {}
        for component, path, _ in first:
            module = modules[component].get_submodule(path)
            self.layers[component, path] = module.lora_A["default"].weight, module.lora_B["default"].weight
        parameters = [p for m in modules.values() for p in m.parameters() if p.requires_grad]
        assert len(parameters) == 2 * len(self.layers)
        self.parameters = parameters
        self.optimizer = torch.optim.AdamW(
            parameters, lr=spec.learning_rate, betas=spec.betas, weight_decay=spec.weight_decay, eps=spec.epsilon
        )

    @torch.no_grad()
    def take(self, weights):
        for component, path, layer in weights:
            A, B = self.layers[component, path]
            A.copy_(layer.A.view_as(A))
            B.copy_((layer.B / self.spec.scale).view_as(B))

    def step(self, rows, tokens):
        text = self.encoder(tokens[rows.texts])[0]
        noisy = self.scheduler.add_noise(rows.latents, rows.noise, rows.timesteps)
        answer = self.unet(noisy, rows.timesteps, text).sample
        target = rows.noise
        if self.scheduler.config.prediction_type == "v_prediction":
            target = self.scheduler.get_velocity(rows.latents, rows.noise, rows.timesteps)
        loss = self._loss(answer, target, rows.timesteps)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, self.spec.max_grad_norm)
        return loss.item()

    def _loss(self, answer, target, timesteps):
        if self.spec.prior_weight:
            (mine, prior), (target, prior_target) = answer.chunk(2), target.chunk(2)
            return F.mse_loss(mine, target) + self.spec.prior_weight * F.mse_loss(prior, prior_target)
        if self.spec.min_snr_gamma:
            signal = self.scheduler.alphas_cumprod[timesteps]
            snr = signal / (1 - signal)
            weight = torch.stack([snr, torch.full_like(snr, self.spec.min_snr_gamma)], 1).min(1)[0]
            weight = weight / (snr + 1 if self.scheduler.config.prediction_type == "v_prediction" else snr)
            return (F.mse_loss(answer, target, reduction="none").mean((1, 2, 3)) * weight).mean()
        return F.mse_loss(answer, target)


EPSILON, VELOCITY = "epsilon", "v_prediction"
CASES = {
    "plain": (EPSILON, jobs.spec(1)),
    "velocity": (VELOCITY, jobs.spec(1)),
    "alpha": (EPSILON, jobs.spec(2, alpha=8.0, learning_rate=1e-3)),
    "text": (VELOCITY, jobs.spec(3, text_encoder=True, alpha=2.0)),
    "prior": (EPSILON, jobs.spec(4, prior_weight=0.7, weight_decay=0.1)),
    "snr": (EPSILON, jobs.spec(5, min_snr_gamma=5.0)),
    "snr of velocity": (VELOCITY, jobs.spec(5, min_snr_gamma=5.0)),
    "clipped": (EPSILON, jobs.spec(6, max_grad_norm=0.01, alpha=8.0)),
}


@pytest.mark.parametrize("name", CASES)
def test_loss_gradients_and_updates_equal_the_reference(base, name):
    prediction, spec = CASES[name]
    config = {**base.scheduler_config, "prediction_type": prediction}
    base = BaseModel(base.unet, base.vae, base.text_encoders, base.tokenizers, config)
    encoded = jobs.data(base, spec)
    plain = copy.deepcopy((base.unet, base.text_encoders[0]))
    pack = jobs.trainer(base)
    pack.join("passer-by", jobs.spec(9), jobs.data(base, jobs.spec(9)))
    pack.join("one", spec, encoded)
    member = pack._members["one"]
    reference = Reference(BaseModel(plain[0], base.vae, [plain[1]], base.tokenizers, config), spec, pack.weights("one"))
    chance = Chance(0)
    for _ in range(2):
        chance.state = member.chance.state
        reference.take(pack.weights("one"))
        loss = reference.step(chance.draw(encoded, spec, 1000), encoded.tokens[0])
        found = _observed_step(pack, member)
        assert found["loss"] == pytest.approx(loss, abs=1e-5)
        for key, (A, B) in reference.layers.items():
            layer = pack.stack.layout.read(found["gradients"], key, spec.rank)
            assert (layer.A - A.grad.view_as(layer.A)).abs().max() < 1e-5
            assert (layer.B - B.grad.view_as(layer.B)).abs().max() < 1e-5
        reference.optimizer.step()
        errors = []
        for component, path, layer in pack.weights("one"):
            A, B = reference.layers[component, path]
            errors.append((layer.A - A.view_as(layer.A)).abs().flatten())
            errors.append((layer.B / spec.scale - B.view_as(layer.B)).abs().flatten())
        # Where a gradient is all rounding, Adam still moves by a part of the rate; everywhere else they agree.
        assert torch.cat(errors).max() < 0.5 * spec.learning_rate
        assert torch.cat(errors).mean() < 1e-6


def _observed_step(pack, member):
    """One step, with the clipped gradients as the update saw them."""
    seen = {}
    optimizer = pack._optimizer
    update = optimizer.update

    def watched(slot, *rest):
        if slot == member.slot:
            seen["gradients"] = optimizer.gradients[slot].clone()
        update(slot, *rest)

    optimizer.update = watched
    try:
        seen["loss"] = pack.step()["one"].loss
    finally:
        optimizer.update = update
    return seen
