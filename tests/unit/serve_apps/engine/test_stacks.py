"""Adapter files of every family against a base: loaded, refused by name, and exchanged with diffusers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from peft import get_peft_model_state_dict

from serve_apps.engine.config import EngineConfig
from serve_apps.engine.engine import Engine
from serve_apps.engine.errors import AdapterUnavailable
from serve_apps.engine.model import AccountId, AdapterId, GenerationRequest, RequestId, Size
from serve_apps.engine.stacks import Stacks
from tests.unit.serve_apps.engine.tiny import TinyBase, by_pipeline, finish, tiny_adapter
from training.engine.errors import RankTooLarge, UnknownTarget, UnmatchedKey
from training.engine.formats import parse, to_diffusers, to_kohya

SIZE = Size(16, 16)
CONFIG = EngineConfig(sizes=(SIZE,), exact_pictures=True, max_rows=4, row_buckets=(4,), slots=4, rank_buckets=(4, 8))
ID = AdapterId("someone")


def request() -> GenerationRequest:
    return GenerationRequest(
        RequestId("r"), AccountId("a"), "a portrait", adapter_id=ID, negative_prompt="blur", steps=4, size=SIZE, seed=3
    )


def picture(base: TinyBase, data: bytes | bytearray) -> Any:
    engine = Engine(base.copy(), CONFIG, lambda id: bytes(data))
    ticket = engine.submit(request())
    finish(engine, [ticket.future])
    engine.close()
    return ticket.future.result().exact


def test_a_file_that_diffusers_wrote_is_understood(base: TinyBase, tmp_path: Any) -> None:
    pipeline = base.pipeline()
    adapter = tiny_adapter(base, 3, rank=4, text=True, convs=True)
    pipeline.load_lora_weights(safetensors.torch.load(adapter.data))
    expected = by_pipeline(pipeline, base.scheduler_config, request())
    adapted = {"unet": pipeline.unet, "text_encoder": pipeline.text_encoder}
    layers = {
        f"{name}_lora_layers": get_peft_model_state_dict(module, adapter_name="default_0")
        for name, module in adapted.items()
    }
    pipeline.save_lora_weights(tmp_path, **layers)
    data = (tmp_path / "pytorch_lora_weights.safetensors").read_bytes()
    assert np.abs(picture(base, data) - expected).max() <= 1e-4


@pytest.mark.parametrize("write", [to_diffusers, to_kohya])
def test_an_exported_adapter_makes_the_same_picture_in_diffusers(base: TinyBase, write: Any) -> None:
    adapter = tiny_adapter(base, 5, rank=4, text=True, convs=write is to_diffusers)
    data = write(parse(adapter.data, base.names))
    pipeline = base.pipeline()
    pipeline.load_lora_weights(safetensors.torch.load(bytes(data)))
    expected = by_pipeline(pipeline, base.scheduler_config, request())
    assert np.abs(picture(base, data) - expected).max() <= 1e-4


def test_alpha_is_honoured(base: TinyBase) -> None:
    adapter = tiny_adapter(base, 5, rank=4)
    weights = parse(adapter.data, base.names)
    halved = safetensors.torch.load(bytes(to_kohya(weights)))
    doubled = {key: t / 2 if key.endswith(".alpha") else t for key, t in halved.items()}
    whole = picture(base, adapter.data)
    half = picture(base, safetensors.torch.save(doubled))
    scaled = {key: t * 0.5 if "lora_B" in key else t for key, t in safetensors.torch.load(adapter.data).items()}
    assert np.abs(half - whole).max() > 1e-3
    assert np.abs(half - picture(base, safetensors.torch.save(scaled))).max() <= 1e-5


def test_a_key_that_matches_nothing_is_an_error_that_names_it(base: TinyBase) -> None:
    tensors = safetensors.torch.load(tiny_adapter(base, 0).data)
    tensors["unet.no_such_block.to_q.lora_A.weight"] = torch.zeros(4, 16)
    data = safetensors.torch.save(tensors)
    with pytest.raises(UnmatchedKey, match=r"unet\.no_such_block\.to_q"):
        Stacks(base.copy(), CONFIG).parse(data)
    engine = Engine(base.copy(), CONFIG, lambda id: data)
    ticket = engine.submit(request())
    finish(engine, [ticket.future])
    error = ticket.future.exception()
    assert isinstance(error, AdapterUnavailable)
    assert "unet.no_such_block.to_q" in str(error)
    engine.close()


def test_ranks_go_to_the_smallest_bucket_that_holds_them(base: TinyBase) -> None:
    stacks = Stacks(base.copy(), CONFIG)
    assert stacks.slots_for(stacks.parse(tiny_adapter(base, 0, rank=3).data)) == range(1, 5)
    assert stacks.slots_for(stacks.parse(tiny_adapter(base, 0, rank=5).data)) == range(5, 9)
    with pytest.raises(RankTooLarge, match="rank is 9, the largest slots hold 8"):
        stacks.parse(tiny_adapter(base, 0, rank=9).data)


def test_layers_that_are_not_open_to_adapters_are_named(base: TinyBase) -> None:
    config = EngineConfig(sizes=(SIZE,), max_rows=4, row_buckets=(4,), slots=4, targets=("to_q", "to_v"))
    with pytest.raises(UnknownTarget, match=r"not open to adapters here: .*to_k"):
        Stacks(base.copy(), config).parse(tiny_adapter(base, 0).data)
    with pytest.raises(UnknownTarget, match="match no layer"):
        Stacks(base.copy(), EngineConfig(targets=("nothing",)))


def test_a_parsed_adapter_is_zeroed_on_wiping_and_its_file_too(base: TinyBase) -> None:
    data = bytearray(tiny_adapter(base, 0, text=True).data)
    parsed = Stacks(base.copy(), CONFIG).parse(data)
    assert sum(data[-1000:]) == 0
    assert parsed.nbytes == sum(flat.nbytes for flat in parsed.flats.values()) > 0
    parsed.wipe()
    assert not any(flat.any() for flat in parsed.flats.values())
