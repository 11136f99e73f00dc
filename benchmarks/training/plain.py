"""The plain loop everybody uses: diffusers' modules with PEFT's layers, torch's AdamW, one job at a time."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import DDPMScheduler
from peft import LoraConfig
from torch import nn
from torch.nn import functional as F

from benchmarks.training.workload import Workload
from training.engine.names import Component
from training.engine.targets import find_sites


class PlainLoop:
    """One job, trained as diffusers' example scripts do."""

    def __init__(self, workload: Workload, number: int = 0) -> None:
        self._work, base = workload, workload.subject.copy()
        self._data = workload.data(base, number)
        self._unet, self._encoder = base.unet, base.text_encoders[0]
        self._added = base.is_xl
        sites = find_sites(base.modules, workload.targets, workload.text_encoder)
        for component, module in ((Component.UNET, self._unet), (Component.TEXT_ENCODER, self._encoder)):
            paths = [site.path for site in sites if site.component == component]
            if paths:
                rank = workload.rank
                module.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=paths))
        modules: list[nn.Module] = [self._unet, *base.text_encoders]
        self._parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
        for parameter in self._parameters:
            parameter.data = parameter.data.float()
        self._optimizer = torch.optim.AdamW(self._parameters, lr=1e-4)
        self._scheduler = DDPMScheduler.from_config(base.scheduler_config)
        self._predict: Any = self._unet

    def compiled(self) -> PlainLoop:
        """The same with a compiled UNet."""
        self._predict = torch.compile(self._unet)
        return self

    def step(self) -> None:
        pictures = self._data.pictures
        chosen = torch.randint(0, len(pictures), (1,))
        latents = pictures.mean[chosen] + pictures.deviation[chosen] * torch.randn_like(pictures.mean[chosen])
        noise = torch.randn_like(latents)
        times = torch.randint(0, self._scheduler.config.num_train_timesteps, (1,), device=latents.device)
        text, added = self._text(int(pictures.texts[chosen]), latents)
        noisy = self._scheduler.add_noise(latents, noise, times)
        dtype = self._unet.dtype
        with torch.autocast(latents.device.type, dtype, enabled=dtype != torch.float32):
            answer = self._predict(noisy.to(dtype), times, text.to(dtype), added_cond_kwargs=added).sample
        velocity = self._scheduler.config.prediction_type == "v_prediction"
        target = self._scheduler.get_velocity(latents, noise, times) if velocity else noise
        F.mse_loss(answer.float(), target.float()).backward()
        torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()

    def _text(self, number: int, latents: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor] | None]:
        if self._work.text_encoder:
            return self._encoder(self._data.tokens[0][number : number + 1].to(latents.device))[0], None
        embedding = self._data.embedding
        text = embedding.text_bld[number : number + 1]
        if embedding.pooled_bp is None:
            return text, None
        sides = torch.tensor([[self._work.side, self._work.side, 0, 0, self._work.side, self._work.side]])
        return text, {
            "text_embeds": embedding.pooled_bp[number : number + 1],
            "time_ids": sides.to(latents.device, self._unet.dtype),
        }
