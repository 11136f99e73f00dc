import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL

from training.demo.basis import fit_basis, install, project
from training.demo.vae import VaeConfig, build_vae, to_tensor


def test_the_stock_encoder_computes_the_basis(drawn):
    basis = fit_basis(drawn.images, 24)
    vae = build_vae(VaeConfig())
    install(vae, basis)
    latents = vae.encode(to_tensor(drawn.images[:4])).latent_dist
    assert np.abs(latents.mean.numpy() - project(basis, drawn.images[:4])).max() < 2e-4
    assert latents.std.max() < 1e-5


def test_latents_have_about_unit_spread_and_hold_the_picture(drawn):
    basis = fit_basis(drawn.images, 24)
    latents = project(basis, drawn.images)
    assert latents.shape == (96, 24, 16, 16)
    assert float(np.mean(latents.var(axis=(0, 2, 3)))) == pytest.approx(1.0, abs=0.15)
    back = latents.transpose(0, 2, 3, 1) @ np.linalg.pinv(basis.matrix) + basis.mean
    tiles = drawn.images.reshape(96, 16, 4, 16, 4, 3).transpose(0, 1, 3, 2, 4, 5).reshape(96, 16, 16, 48) / 127.5 - 1
    assert 10 * np.log10(4 / np.square(back - tiles).mean()) > 30


def test_an_autoencoder_of_another_shape_is_refused(drawn):
    vae = AutoencoderKL(block_out_channels=(8, 16), down_block_types=("DownEncoderBlock2D",) * 2,
                        up_block_types=("UpDecoderBlock2D",) * 2, norm_num_groups=8)  # fmt: skip
    with pytest.raises(ValueError, match="cannot hold 24 components"):
        install(vae, fit_basis(drawn.images, 24))


def test_nothing_of_the_encoder_is_trained(drawn):
    vae = build_vae(VaeConfig())
    install(vae, fit_basis(drawn.images, 24))
    assert not [name for name, p in vae.encoder.named_parameters() if p.requires_grad]
    assert torch.tensor([p.requires_grad for p in vae.decoder.parameters()]).all()
