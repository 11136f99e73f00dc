from dataclasses import replace

import torch

from training.demo.base import BaseConfig, BaseStage, build_scheduler
from training.demo.basis import fit_basis
from training.demo.tokenizer import build_tokenizer

SMALL = replace(BaseConfig(), channels=(16, 32, 32), text_width=32, text_layers=1, heads=2, groups=8)


def stage_of(drawn, config=SMALL):
    torch.manual_seed(0)
    return BaseStage(drawn, fit_basis(drawn.images, 24), config, build_tokenizer())


def test_a_batch_spreads_the_noise_and_drops_captions(drawn):
    stage = stage_of(drawn, replace(SMALL, caption_dropout=0.5))
    latents, noise, steps, tokens, boxes = stage.batch(50, torch.Generator().manual_seed(0))
    assert latents.shape == noise.shape == (50, 24, 16, 16)
    assert torch.equal((steps // 20).sort().values, torch.arange(50))
    silent = (tokens == stage.tokens[-1]).all(dim=1).sum()
    assert 12 < silent < 38
    assert boxes.shape == (50, 3)


def test_the_last_timestep_is_pure_noise():
    assert float(build_scheduler(BaseConfig()).alphas_cumprod[-1]) < 1e-6


def test_a_step_lowers_the_loss_on_its_own_batch(drawn):
    stage = stage_of(drawn)
    batch = stage.batch(8, torch.Generator().manual_seed(0))
    optimizer = torch.optim.AdamW(stage.objective.parameters(), 2e-3)
    losses = []
    for _ in range(8):
        loss = stage.objective(*batch)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    assert losses[-1] < 0.9 * losses[0]
