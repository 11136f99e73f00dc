"""What one job learns from: latents and texts, encoded once and held in memory only.

Shapes: N pictures, V variants of each (2 with mirrored ones), M texts; latents [V·N, C, H, W], tokens [M, L].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from training.engine.base import BaseModel, Pixels, TextEmbedding
from training.engine.errors import InvalidTraining
from training.engine.spec import TrainingSpec


@dataclass(slots=True, eq=False)
class Pictures:
    """Latents as a mean and a deviation to draw from, and the number of each picture's text.

    `weights`, when given, say how much an error at each place of the latents counts, [V·N, H, W].
    """

    mean: Tensor = field(repr=False)
    deviation: Tensor = field(repr=False)
    texts: Tensor = field(repr=False)
    variants: int = 1
    weights: Tensor | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(slots=True, eq=False)
class TrainingData:
    """A job's pictures, perhaps regularisation pictures, and all texts; text 0 is the empty one."""

    pictures: Pictures
    tokens: list[Tensor] = field(repr=False)
    embedding: TextEmbedding = field(repr=False)
    prior: Pictures | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width of the latents: jobs of one shape train in one pass."""
        return tuple(self.pictures.mean.shape[1:])

    def wipe(self) -> None:
        """Overwrite everything with zeros."""
        sets = [self.pictures] + ([self.prior] if self.prior else [])
        held = [t for s in sets for t in (s.mean, s.deviation, s.texts, s.weights)]
        for tensor in (*held, *self.tokens, self.embedding.text_bld, self.embedding.pooled_bp):
            if tensor is not None:
                tensor.zero_()


def encode(
    base: BaseModel,
    spec: TrainingSpec,
    pixels: Pixels,
    captions: Sequence[str],
    prior_pixels: Pixels | None = None,
    prior_captions: Sequence[str] = (),
    weights: np.ndarray | None = None,
) -> TrainingData:
    """Encode photos (uint8 [n, h, w, 3]) and their captions with the base model alone.

    `weights` [n, h, w] in latent cells weigh the errors. `InvalidTraining` when the numbers do not match, or when
    prior preservation is asked for without regularisation pictures.
    """
    if not len(pixels) or len(pixels) != len(captions):
        raise InvalidTraining(f"there are {len(pixels)} photos and {len(captions)} captions; give one caption each")
    if spec.prior_weight and prior_pixels is None:
        raise InvalidTraining("prior_weight is set, but there are no regularisation pictures")
    texts = list(dict.fromkeys(("", *captions, *prior_captions)))
    tokens = base.tokenize(texts)
    with torch.no_grad():
        embedding = base.embed(tokens)
    prior = None
    if spec.prior_weight and prior_pixels is not None:
        if len(prior_pixels) != len(prior_captions):
            raise InvalidTraining("give one caption for each regularisation picture")
        prior = _pictures(base, prior_pixels, [texts.index(caption) for caption in prior_captions], spec.flip)
    pictures = _pictures(base, pixels, [texts.index(caption) for caption in captions], spec.flip)
    if weights is not None:
        both = np.concatenate([weights, weights[:, :, ::-1]]) if spec.flip else weights
        pictures.weights = torch.from_numpy(np.ascontiguousarray(both)).float()
    return TrainingData(pictures, tokens, embedding, prior)


def _pictures(base: BaseModel, pixels: Pixels, texts: list[int], flip: bool) -> Pictures:
    mean, deviation = base.encode_images(pixels)
    if flip:
        mirrored = base.encode_images(pixels[:, :, ::-1])
        mean, deviation = torch.cat([mean, mirrored[0]]), torch.cat([deviation, mirrored[1]])
    return Pictures(mean, deviation, torch.tensor(texts), 2 if flip else 1)
