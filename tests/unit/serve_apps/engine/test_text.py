"""Prompts to embeddings for both layouts, and overwriting them."""

from __future__ import annotations

import threading

import pytest
import torch

from serve_apps.engine.text import Embeddings, TextEncoding
from tests.unit.serve_apps.engine.tiny import TinyBase, tiny_xl_base


def test_a_batch_of_prompts_equals_each_alone(base: TinyBase) -> None:
    text = TextEncoding(base)
    tokens = [text.tokenize(prompt) for prompt in ("a portrait", "blur", "")]
    together = text.encode(tokens)
    assert together.text_nld.shape == (3, 12, 32)
    assert together.pooled_np is None
    for index, one in enumerate(tokens):
        assert torch.allclose(together.row(index).text_nld, text.encode([one]).text_nld, atol=1e-5)


def test_an_sdxl_layout_has_pooled_text_and_zeros_for_no_negative() -> None:
    text = TextEncoding(tiny_xl_base())
    found = text.encode([text.tokenize("a portrait")])
    assert found.text_nld.shape == (1, 12, 64)
    assert found.pooled_np is not None
    assert found.row(0).pooled_np is not None
    assert found.pooled_np.shape == (1, 24)
    assert text.zero_when_empty


def test_long_prompts_are_cut(base: TinyBase) -> None:
    [ids] = TextEncoding(base).tokenize("portrait " * 100)
    assert ids.shape == (12,)


@pytest.mark.parametrize("pooled", [None, torch.ones(1, 2)])
def test_wiping(pooled: torch.Tensor | None) -> None:
    embeddings = Embeddings(torch.ones(1, 2, 3), pooled)
    embeddings.wipe()
    assert not embeddings.text_nld.any()
    assert pooled is None or not pooled.any()


def test_many_threads_may_tokenize_at_once(base: TinyBase) -> None:
    text, found = TextEncoding(base), list[bool]()
    expected = {n: text.tokenize("a" * n)[0] for n in range(8)}

    def work(n: int) -> None:
        found.extend(torch.equal(text.tokenize("a" * n)[0], expected[n]) for _ in range(20))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 160
