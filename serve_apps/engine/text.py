"""Prompts to embeddings, each prompt with its own adapter's text-encoder layers.

Shape suffixes: n prompts, l tokens, d width of the embedding, p width of the pooled embedding.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import torch
from torch import Tensor

from serve_apps.engine.jobs import Tokens
from serve_apps.engine.transfer import bring
from training.engine.base import BaseModel


@dataclass(slots=True)
class Embeddings:
    """What the UNet attends to: `text_nld`, and for SDXL-like bases `pooled_np`."""

    text_nld: Tensor
    pooled_np: Tensor | None

    def row(self, index: int) -> Embeddings:
        """One prompt of the batch, `[1, ...]`, sharing its memory."""
        pooled_np = self.pooled_np
        return Embeddings(self.text_nld[index : index + 1], None if pooled_np is None else pooled_np[index : index + 1])

    def wipe(self) -> None:
        """Overwrite with zeros."""
        self.text_nld.zero_()
        if self.pooled_np is not None:
            self.pooled_np.zero_()


class TextEncoding:
    """Tokenises (on any thread) and encodes (on the engine's thread) for one base model."""

    def __init__(self, base: BaseModel) -> None:
        self._base = base
        # SDXL bases were trained with zeros where there is no negative prompt.
        self.zero_when_empty = base.is_xl
        # Fast tokenizers set padding on shared state: one caller at a time.
        self._lock = threading.Lock()

    def tokenize(self, prompt: str) -> Tokens:
        """The prompt's token ids for each encoder, padded and cut to its length."""
        with self._lock:
            return tuple(ids_nl[0] for ids_nl in self._base.tokenize([prompt]))

    @torch.inference_mode()
    def encode(self, prompts: list[Tokens]) -> Embeddings:
        """The embeddings of `prompts`; the adapters of the rows have been chosen beforehand."""
        found = self._base.embed([bring(torch.stack(ids_l), self._base.device) for ids_l in zip(*prompts, strict=True)])
        return Embeddings(found.text_bld, found.pooled_bp)
