"""Small disturbances of renders, so that what learns from them also reads a generator's imperfect pictures."""

import torch
from torch.nn import functional as F


def disturb(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Pictures (B, 3, H, W) shifted by up to two pixels; some softened, some noisy, all slightly off in colour."""
    count = len(images)
    dx, dy = (int(v) for v in torch.randint(-2, 3, (2,), generator=generator))
    moved = torch.roll(F.pad(images, (2, 2, 2, 2), mode="replicate"), (dy, dx), (2, 3))[:, :, 2:-2, 2:-2]
    soft = F.avg_pool2d(F.pad(moved, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    share = torch.rand(count, 1, 1, 1, generator=generator).mul(1.6).sub(0.6).clamp(min=0)
    amount = torch.rand(count, 1, 1, 1, generator=generator).mul(0.16).sub(0.06).clamp(min=0)
    tint = 0.04 * torch.randn(count, 3, 1, 1, generator=generator)
    noise = torch.randn(images.shape, generator=generator)
    return moved + share * (soft - moved) + amount * noise + tint
