"""Every sampler, with every request's own adapter, against diffusers one at a time with that adapter loaded."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.torch

from serve_apps.engine.config import EngineConfig
from serve_apps.engine.engine import Engine
from serve_apps.engine.model import AccountId, GenerationRequest, RequestId, Sampler, Size
from tests.unit.serve_apps.engine.tiny import (
    SCHEDULERS,
    TinyBase,
    by_pipeline,
    finish,
    tiny_adapter,
    tiny_base,
    tiny_xl_base,
)

SIZE = Size(16, 16)
CONFIG = EngineConfig(sizes=(SIZE,), exact_pictures=True, max_rows=12, row_buckets=(2, 4, 8, 12), slots=12)
SCHEDULES = [(p, s) for p in SCHEDULERS for s in Sampler if (p, s) != ("cosine", Sampler.DPMPP_2M_KARRAS)]
"""Diffusers itself fails on Karras levels of the cosine schedule: they repeat its first timestep."""


@pytest.mark.parametrize(("schedule", "sampler"), SCHEDULES)
def test_a_mixed_batch_equals_diffusers(schedule: str, sampler: Sampler) -> None:
    assert_equal_to_diffusers(tiny_base(schedule), sampler)


@pytest.mark.parametrize("sampler", [Sampler.EULER, Sampler.DPMPP_2M_KARRAS])
def test_a_mixed_batch_of_an_sdxl_layout_equals_diffusers(sampler: Sampler) -> None:
    assert_equal_to_diffusers(tiny_xl_base(), sampler)


def assert_equal_to_diffusers(base: TinyBase, sampler: Sampler) -> None:
    """Four requests at once, with three adapters of three ranks and with none, each compared with diffusers' own."""
    adapters = [
        tiny_adapter(base, 0, rank=4),
        tiny_adapter(base, 1, rank=3, text=True),
        tiny_adapter(base, 2, rank=8, text=True, convs=True),
    ]
    files = {adapter.id: adapter.data for adapter in adapters}
    engine = Engine(base.copy(), CONFIG, files.__getitem__)
    asked = [
        GenerationRequest(
            id=RequestId(f"r{n}"),
            account=AccountId(f"a{n}"),
            prompt=f"portrait {n}",
            negative_prompt=("blur", "")[n % 2],
            adapter_id=adapter.id if adapter else None,
            guidance=guidance,
            seed=40 + n,
            steps=4 + n,
            sampler=sampler,
            size=SIZE,
        )
        for n, (adapter, guidance) in enumerate(zip([*adapters, None], (5.0, 1.0, 2.5, 3.0), strict=True))
    ]
    tickets = [engine.submit(one) for one in asked]
    finish(engine, [ticket.future for ticket in tickets])
    plain = base.pipeline()
    for one, ticket in zip(asked, tickets, strict=True):
        expected = by_pipeline(plain, base.scheduler_config, one)
        if one.adapter_id is not None:
            without = expected
            pipeline = base.pipeline()
            pipeline.load_lora_weights(safetensors.torch.load(files[one.adapter_id]))
            expected = by_pipeline(pipeline, base.scheduler_config, one)
            assert np.abs(expected - without).max() > 1e-2, "the adapter must matter for this to prove anything"
        exact = ticket.future.result().exact
        assert exact is not None
        assert np.abs(exact - expected).max() <= 1e-4
    engine.close()
