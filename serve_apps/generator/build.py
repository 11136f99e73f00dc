"""A replica's base model and engine, by the settings of this house. What they need takes seconds to load, so that the
replica itself imports nothing of it: who deploys reads that too."""

import torch

from serve_apps.config import GeneratorSettings, ServeSettings
from serve_apps.engine.config import EngineConfig, Execution
from serve_apps.engine.engine import Engine
from serve_apps.engine.model import Size
from serve_apps.generator.adapters import AdapterGate
from training.engine.base import BaseModel


def load_base(settings: GeneratorSettings) -> BaseModel:
    """By diffusers' own loading code, from a folder or a hub id; blocks for as long as that takes."""
    return BaseModel.load(settings.base, settings.device, getattr(torch, settings.dtype))


def engine_for(base: BaseModel, settings: ServeSettings, gate: AdapterGate) -> Engine:
    """An engine that does not run yet; `gate` brings it adapters and tells it whose must go."""
    engine = Engine(base, engine_config(settings), gate.fetch, gate.released)
    gate.connect(engine)
    return engine


def engine_config(settings: ServeSettings) -> EngineConfig:
    """The engine's size by the settings of this house; a picture with guidance takes two rows of the batch."""
    generator: GeneratorSettings = settings.generator
    rows = 2 * generator.max_batch
    return EngineConfig(
        sizes=tuple(size_of(text) for text in settings.images.sizes),
        max_rows=rows,
        row_buckets=tuple(sorted({1, *range(2, rows + 1, 2)})),
        execution=Execution(generator.execution),
        memory_bytes=generator.memory_mb << 20 or None,
        slots=max(generator.slots, rows),
        rank_buckets=generator.rank_buckets,
        targets=generator.targets,
        host_cache_bytes=generator.host_cache_mb << 20,
        max_waiting=generator.max_queued,
        max_steps=settings.images.max_steps,
    )


def size_of(text: str) -> Size:
    """`512x768` is 512 wide and 768 high."""
    width, height = text.split("x")
    return Size(int(height), int(width))
