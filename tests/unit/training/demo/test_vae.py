import torch

from training.demo.basis import fit_basis, install
from training.demo.vae import VaeConfig, VaeStage, build_vae, latents_of, psnr_db, to_tensor


def test_bytes_become_numbers_around_zero(drawn):
    tensor = to_tensor(drawn.images[:2])
    assert tensor.shape == (2, 3, 64, 64)
    assert -1 <= tensor.min() < tensor.max() <= 1


def test_the_decoder_learns_and_the_encoder_stays(drawn):
    torch.manual_seed(0)
    stage = VaeStage(drawn, fit_basis(drawn.images, 24), VaeConfig())
    before = {name: p.clone() for name, p in stage.objective.vae.encoder.named_parameters()}
    wanted = [p for p in stage.objective.parameters() if p.requires_grad]
    optimizer, losses = torch.optim.AdamW(wanted, 4e-3), []
    for step in range(8):
        loss = stage.objective(*stage.batch(2, torch.Generator().manual_seed(step)))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    assert sum(losses[-2:]) < 0.8 * sum(losses[:2])
    assert all(torch.equal(p, before[name]) for name, p in stage.objective.vae.encoder.named_parameters())


def test_an_untrained_decoder_is_measured_as_bad(drawn):
    vae = build_vae(VaeConfig())
    install(vae, fit_basis(drawn.images, 24))
    assert latents_of(vae, drawn.images[:3]).shape == (3, 24, 16, 16)
    assert psnr_db(vae, drawn.images[:3]) < 15
