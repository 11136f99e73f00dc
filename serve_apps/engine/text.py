"""Prompts to embeddings, each prompt with its own adapter's text-encoder layers.

Shape suffixes: n prompts, l tokens, d width of the embedding, p width of the pooled embedding.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from serve_apps.engine.jobs import Tokens


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
    """Tokenises (on any thread) and encodes (on the engine's thread) for one base model.

    One encoder is read as Stable Diffusion 1 and 2 read it (its last hidden state); two as SDXL does (the state
    before the last of each side by side, and the pooled output of the second).
    """

    def __init__(self, encoders: list[Any], tokenizers: list[Any], zero_when_empty: bool = False) -> None:
        assert len(encoders) == len(tokenizers), "each text encoder needs its tokenizer"
        # SDXL bases were trained with zeros where there is no negative prompt.
        self.zero_when_empty = zero_when_empty
        self._encoders, self._tokenizers = encoders, tokenizers
        # Fast tokenizers set padding on shared state: one caller at a time.
        self._lock = threading.Lock()

    @property
    def pooled(self) -> bool:
        return len(self._encoders) > 1

    def tokenize(self, prompt: str) -> Tokens:
        """The prompt's token ids for each encoder, padded and cut to its length."""
        with self._lock:
            return tuple(
                tokenizer(
                    prompt,
                    padding="max_length",
                    max_length=tokenizer.model_max_length,
                    truncation=True,
                    return_tensors="pt",
                ).input_ids[0]
                for tokenizer in self._tokenizers
            )

    @torch.inference_mode()
    def encode(self, prompts: list[Tokens]) -> Embeddings:
        """The embeddings of `prompts`; the adapters of the rows have been chosen beforehand."""
        device = next(self._encoders[0].parameters()).device
        batches = [torch.stack([tokens[i] for tokens in prompts]).to(device) for i in range(len(self._encoders))]
        if not self.pooled:
            return Embeddings(self._encoders[0](batches[0])[0], None)
        outputs = [
            encoder(ids_nl, output_hidden_states=True) for encoder, ids_nl in zip(self._encoders, batches, strict=True)
        ]
        return Embeddings(torch.cat([out.hidden_states[-2] for out in outputs], dim=-1), outputs[-1][0])
