"""The base model's noise schedule: noisy latents, what the UNet should answer, and how much each error counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from training.engine.errors import InvalidTraining


class NoiseSchedule:
    """Shapes: latents and noise RCHW, timesteps R."""

    def __init__(self, config: Mapping[str, Any], device: torch.device) -> None:
        self.prediction = str(config.get("prediction_type", "epsilon"))
        if self.prediction not in {"epsilon", "v_prediction"}:
            raise InvalidTraining(
                f"a base that predicts {self.prediction!r} cannot be trained; epsilon or v_prediction"
            )
        alphas = DDPMScheduler.from_config({**config, "_class_name": "DDPMScheduler"}).alphas_cumprod
        self._signal = alphas.sqrt().to(device)
        self._noise = (1 - alphas).sqrt().to(device)

    @property
    def timesteps(self) -> int:
        return len(self._signal)

    def noisy(self, latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """Latents with as much noise as their timestep has."""
        signal, share = self._at(timesteps)
        return signal * latents + share * noise

    def target(self, latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
        """What the UNet should answer."""
        if self.prediction == "epsilon":
            return noise
        signal, share = self._at(timesteps)
        return signal * noise - share * latents

    def snr_weights(self, timesteps: Tensor, gammas: Tensor) -> Tensor:
        """Min-SNR weights for each row's gamma; 1 where gamma is 0."""
        snr = (self._signal[timesteps] / self._noise[timesteps]) ** 2
        below = snr + 1 if self.prediction == "v_prediction" else snr.clamp_min(1e-8)
        return torch.where(gammas > 0, torch.minimum(snr, gammas) / below, torch.ones_like(snr))

    def _at(self, timesteps: Tensor) -> tuple[Tensor, Tensor]:
        return self._signal[timesteps][:, None, None, None], self._noise[timesteps][:, None, None, None]
